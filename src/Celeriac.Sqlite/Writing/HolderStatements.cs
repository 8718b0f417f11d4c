using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>Lease holders: who claims messages, and the beat by which others see that he lives.</summary>
internal sealed class HolderStatements(WriteSession session, Database database, TimeProvider time)
{
    private readonly Statement _register = database.Prepare("INSERT INTO holders(name, lease_ticks) VALUES(?, ?)");
    private readonly Statement _serve = database.Prepare("INSERT OR IGNORE INTO holder_queues(holder, queue) VALUES(?, ?)");
    private readonly Statement _beat = database.Prepare("UPDATE holders SET beat = beat + 1 WHERE id = ?");
    private readonly Statement _removeIfStill = database.Prepare("DELETE FROM holders WHERE id = ? AND beat = ?");
    private readonly Statement _remove = database.Prepare("DELETE FROM holders WHERE id = ?");
    private readonly Statement _stopServing = database.Prepare("DELETE FROM holder_queues WHERE holder = ?");
    // A queue is in use while a holder serves it; from here on its time of not being used runs.
    private readonly Statement _leaveQueues = database.Prepare("""
        UPDATE queues SET used_at = ? WHERE expires_ticks IS NOT NULL AND id IN (SELECT queue FROM holder_queues WHERE holder = ?)
        """);
    // The claims of all holders are looked through, without an index that every claim would have to keep: a holder leaves once.
    private readonly Statement _giveBack = database.Prepare("""
        INSERT INTO ready(queue, priority, id, attempt, deaths) SELECT queue, priority, id, attempt, deaths + ? FROM claims WHERE holder = ?
        """);
    private readonly Statement _endClaims = database.Prepare("DELETE FROM claims WHERE holder = ?");

    /// <summary>Adds a holder; answers its number.</summary>
    public long Register(string name, TimeSpan lease, IReadOnlyList<long> queueIds)
    {
        _register.With(name).With(lease.Ticks).Run();
        var holder = database.LastInsertedRow;
        foreach (var queueId in queueIds)
        {
            _serve.With(holder).With(queueId).Run();
        }
        return holder;
    }

    /// <summary>Gives back the holder's messages and removes it.</summary>
    public int Release(long holder)
    {
        _remove.With(holder).Run();
        return Leave(holder, deaths: 0);
    }

    /// <summary>Raises beats; answers the holders that are gone.</summary>
    public IReadOnlyList<long> Beat(IReadOnlyList<long> holders)
    {
        List<long> gone = [];
        foreach (var holder in holders)
        {
            if (_beat.With(holder).Run() == 0)
            {
                gone.Add(holder);
            }
        }
        return gone;
    }

    /// <summary>Removes holders that have not beaten since; answers how many messages came back.</summary>
    public int Reclaim(IReadOnlyList<HolderBeat> dead)
    {
        var returned = 0;
        foreach (var (holder, _, beat, _) in dead)
        {
            if (_removeIfStill.With(holder).With(beat).Run() > 0)
            {
                returned += Leave(holder, deaths: 1);
            }
        }
        return returned;
    }

    private int Leave(long holder, long deaths)
    {
        _leaveQueues.With(time.GetUtcNow().ToUnixTimeMilliseconds()).With(holder).Run();
        _stopServing.With(holder).Run();
        var returned = _giveBack.With(deaths).With(holder).Run();
        _endClaims.With(holder).Run();
        if (returned > 0)
        {
            session.AddNews();
        }
        return returned;
    }
}
