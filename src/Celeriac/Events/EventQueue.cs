namespace Celeriac.Events;

/// <summary>An event that waits to be sent.</summary>
/// <param name="Body">The event as JSON.</param>
/// <param name="RoutingKey">The key it is sent with alone; null for an event that travels with others.</param>
/// <param name="IsHeartbeat">True for a heartbeat, of which one that waits is enough.</param>
internal readonly record struct QueuedEvent(byte[] Body, string? RoutingKey, bool IsHeartbeat);

/// <summary>
/// What is still to be sent, bounded in number and bytes: while the broker is away the oldest goes, because monitors live on what is new. Safe from any thread.
/// </summary>
internal sealed class EventQueue(int mostEvents, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<QueuedEvent> _events = new();
    private long _bytes;
    private long _dropped;
    private bool _hasHeartbeat;

    /// <summary>How many events were dropped so far.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _events.Count == 0;
            }
        }
    }

    /// <summary>Adds an event; a second heartbeat that waits is left out.</summary>
    public void Add(in QueuedEvent added)
    {
        lock (_lock)
        {
            if (added.IsHeartbeat && _hasHeartbeat)
            {
                return;
            }
            _events.Enqueue(added);
            _bytes += added.Body.Length;
            _hasHeartbeat |= added.IsHeartbeat;
            while (_events.Count > mostEvents || (_bytes > mostBytes && _events.Count > 1))
            {
                Take();
                Interlocked.Increment(ref _dropped);
            }
        }
    }

    /// <summary>Takes what goes into the next message: one event, or up to <paramref name="most"/> that travel together.</summary>
    public void TakeInto(List<QueuedEvent> batch, int most)
    {
        lock (_lock)
        {
            if (_events.Count == 0)
            {
                return;
            }
            batch.Add(Take());
            while (batch[0].RoutingKey is null && batch.Count < most && _events.TryPeek(out var next) && next.RoutingKey is null)
            {
                batch.Add(Take());
            }
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _events.Clear();
            _bytes = 0;
            _hasHeartbeat = false;
        }
    }

    private QueuedEvent Take()
    {
        var taken = _events.Dequeue();
        _bytes -= taken.Body.Length;
        _hasHeartbeat &= !taken.IsHeartbeat;
        return taken;
    }
}
