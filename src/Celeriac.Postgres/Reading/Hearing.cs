using System.Collections.Concurrent;
using System.Globalization;
using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Reading;

/// <summary>
/// Turns notifications into one signal, and drops those that nobody here waits for: in a fleet of many workers on many queues each wakes for its own.
/// </summary>
internal sealed class Hearing
{
    private readonly ChangeSignal _signal = new();
    private readonly ConcurrentDictionary<long, long> _queues = new();
    private long _number;
    private long _ofAll;
    private volatile bool _followsDocuments;

    /// <summary>Whether somebody here waits for documents. Who takes from no queue can only be waiting for them.</summary>
    public bool FollowsDocuments => _followsDocuments || _queues.IsEmpty;

    /// <summary>Moves with everything that was heard.</summary>
    public long Version => _signal.Version;

    /// <summary>The number of the latest news of some queues: a message for another queue does not make these be looked at.</summary>
    public long NewsOf(IReadOnlyList<long> queueIds)
    {
        var latest = Interlocked.Read(ref _ofAll);
        foreach (var queueId in queueIds)
        {
            latest = Math.Max(latest, _queues.GetValueOrDefault(queueId));
        }
        return latest;
    }

    /// <summary>Anything may be new.</summary>
    public void Pulse()
    {
        Interlocked.Exchange(ref _ofAll, Interlocked.Increment(ref _number));
        _signal.Pulse();
    }

    /// <summary>Units of this process were committed.</summary>
    public void Wrote(IReadOnlyList<StoreUnit> units)
    {
        if (units.Any(unit => unit.Claim is not null && unit.End == ClaimEnd.Return))
        {
            // Which queue it goes back to is not known here.
            Pulse();
            return;
        }
        foreach (var put in units.SelectMany(unit => unit.Puts))
        {
            NoteNews(put.QueueId);
        }
        _signal.Pulse();
    }

    /// <summary>News of these queues matter from now on.</summary>
    public void ListenFor(IReadOnlyList<long> queueIds)
    {
        foreach (var queueId in queueIds)
        {
            _queues.TryAdd(queueId, 0);
        }
    }

    /// <summary>News of documents matter from now on.</summary>
    public void ListenForDocuments() => _followsDocuments = true;

    /// <summary>A notification: <c>d</c> for documents, <c>m</c> and the queues' numbers or <c>*</c> for messages, <c>t</c> for the topology.</summary>
    public void Hear(string payload)
    {
        if (payload == "d" ? FollowsDocuments : payload is ['m', not '*', ..] && HearOf(payload[1..].Split(',')))
        {
            _signal.Pulse();
        }
        else if (payload is not ("d" or ['m', not '*', ..]))
        {
            Pulse();
        }
    }

    private bool HearOf(string[] queues)
    {
        var matters = false;
        foreach (var queue in queues)
        {
            matters |= long.TryParse(queue, CultureInfo.InvariantCulture, out var id) && NoteNews(id);
        }
        return matters;
    }

    // Notes news of a queue that somebody here takes from.
    private bool NoteNews(long queueId)
    {
        if (!_queues.TryGetValue(queueId, out var before))
        {
            return false;
        }
        var number = Interlocked.Increment(ref _number);
        while (before < number && !_queues.TryUpdate(queueId, number, before))
        {
            before = _queues[queueId];
        }
        return true;
    }

    /// <summary>Returns when something was heard after <paramref name="seen"/>, or after <paramref name="atMost"/>.</summary>
    public ValueTask WaitAsync(long seen, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken) => _signal.WaitAsync(seen, atMost, time, cancellationToken);
}
