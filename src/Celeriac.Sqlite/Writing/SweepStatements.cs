using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>Deletes what nobody needs any more, a bounded piece at a time.</summary>
internal sealed class SweepStatements(WriteSession session, Database database)
{
    private const int DocumentsAtOnce = 500;
    private const int QueuesAtOnce = 50;

    private readonly Statement _documents = database.Prepare($"""
        DELETE FROM documents WHERE sequence IN (SELECT sequence FROM documents WHERE expires_at <= ? ORDER BY expires_at LIMIT {DocumentsAtOnce})
        """);
    private readonly Statement _state = database.Prepare($"""
        DELETE FROM state WHERE version IN (SELECT version FROM state WHERE expires_at <= ? ORDER BY expires_at LIMIT {DocumentsAtOnce})
        """);
    private readonly Statement _unusedQueues = database.Prepare($"""
        SELECT id FROM queues WHERE expires_ticks IS NOT NULL AND used_at + expires_ticks / 10000 <= ?
          AND NOT EXISTS (SELECT 1 FROM holder_queues WHERE queue = queues.id) LIMIT {QueuesAtOnce}
        """);
    private readonly Statement _firstDropped = database.Prepare("SELECT id FROM dropped_queues LIMIT 1");
    private readonly Statement _forgetDropped = database.Prepare("DELETE FROM dropped_queues WHERE id = ?");

    /// <summary>Deletes expired documents, expired state and unused queues, and a piece of what deleted queues have left.</summary>
    public void Sweep(long now)
    {
        _documents.With(now).Run();
        _state.With(now).Run();
        List<long> unused = [];
        _unusedQueues.With(now);
        while (_unusedQueues.Read())
        {
            unused.Add(_unusedQueues.Number(0));
        }
        foreach (var queueId in unused)
        {
            session.Topology.RemoveQueue(queueId);
        }
        if (unused.Count > 0)
        {
            session.Topology.RaiseVersion();
        }
        SweepDropped();
    }

    /// <summary>Deletes a piece of the messages of deleted queues; true while there may be more.</summary>
    public bool SweepDropped()
    {
        if (_firstDropped.ReadNumber() is not { } queueId)
        {
            return false;
        }
        if (session.Messages.PurgePiece(queueId, long.MaxValue) == 0)
        {
            _forgetDropped.With(queueId).Run();
        }
        return true;
    }
}
