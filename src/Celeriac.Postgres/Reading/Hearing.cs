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
    private readonly ConcurrentDictionary<long, bool> _queues = new();
    private volatile bool _followsDocuments;

    /// <summary>Whether somebody here waits for documents. Who takes from no queue can only be waiting for them.</summary>
    public bool FollowsDocuments => _followsDocuments || _queues.IsEmpty;

    /// <summary>Moves with everything that was heard.</summary>
    public long Version => _signal.Version;

    /// <summary>Something is new.</summary>
    public void Pulse() => _signal.Pulse();

    /// <summary>News of these queues matter from now on.</summary>
    public void ListenFor(IReadOnlyList<long> queueIds)
    {
        foreach (var queueId in queueIds)
        {
            _queues.TryAdd(queueId, true);
        }
    }

    /// <summary>News of documents matter from now on.</summary>
    public void ListenForDocuments() => _followsDocuments = true;

    /// <summary>A notification: <c>d</c> for documents, <c>m</c> and the queues' numbers or <c>*</c> for messages, <c>t</c> for the topology.</summary>
    public void Hear(string payload)
    {
        var matters = payload switch
        {
            "d" => FollowsDocuments,
            ['m', .. var queues] => queues == "*" || queues.Split(',').Any(queue => long.TryParse(queue, CultureInfo.InvariantCulture, out var id) && _queues.ContainsKey(id)),
            _ => true,
        };
        if (matters)
        {
            _signal.Pulse();
        }
    }

    /// <summary>Returns when something was heard after <paramref name="seen"/>, or after <paramref name="atMost"/>.</summary>
    public ValueTask WaitAsync(long seen, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken) => _signal.WaitAsync(seen, atMost, time, cancellationToken);
}
