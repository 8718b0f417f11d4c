using Celeriac.Messaging;

namespace Celeriac.Stomp.Receiving;

/// <summary>One STOMP subscription to one queue on one connection, with what it was handed and has not settled.</summary>
/// <param name="number">Its number on the connection, which deliveries carry as their claim's holder.</param>
/// <param name="queue">The queue.</param>
/// <param name="prefetch">How many unsettled messages the server may send.</param>
/// <param name="incarnation">Which queue of that name it consumes; a deleted queue that is declared again is another one.</param>
internal sealed class StompConsumer(long number, string queue, int prefetch, long incarnation)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, StompFrame> _unsettled = [];
    private readonly SortedDictionary<long, StompFrame> _goingBack = [];
    private Task? _returning;
    private readonly List<string> _plugs = [];
    private long _lastTag;
    private int _settling;
    private bool _isEnded;
    private TaskCompletionSource? _settled;

    /// <summary>Its number on the connection.</summary>
    public long Number { get; } = number;

    /// <summary>Its subscription's id on the wire.</summary>
    public string Id { get; } = $"celeriac-{number}";

    /// <summary>The queue.</summary>
    public string Queue { get; } = queue;

    /// <summary>How many unsettled messages the server may send.</summary>
    public int Prefetch { get; } = prefetch;

    /// <summary>Which queue of that name.</summary>
    public long Incarnation { get; } = incarnation;

    /// <summary>The connection it is on: the transport's own, or one of its own where the server needs that. Set when the subscription is made.</summary>
    public StompClient? Client { get; set; }

    /// <summary>Receives MESSAGE frames with their tags, on the connection's reader. Set before the subscription is made.</summary>
    public Action<StompConsumer, StompFrame, long> Received { get; set; } = (_, _, _) => { };

    /// <summary>Called after a delivery was settled.</summary>
    public Action<Delivery> Settled { get; set; } = _ => { };

    /// <summary>True from the moment on which nothing more is to be handed out.</summary>
    public bool IsStopping { get; set; }

    /// <summary>True once the untaken messages are noted to go back, so that later ones may follow them.</summary>
    public bool IsReturning { get; set; }

    /// <summary>True once it is being ended: the server gives back what it has not acknowledged.</summary>
    public bool IsEnding { get; set; }

    /// <summary>True for a consumer that took a single message and ends with it.</summary>
    public bool IsSingle { get; init; }

    /// <summary>How many messages it was handed and has not settled, those that wait in a buffer included.</summary>
    public int UnsettledCount
    {
        get
        {
            lock (_lock)
            {
                return _unsettled.Count + _plugs.Count;
            }
        }
    }

    /// <summary>A MESSAGE frame for this consumer: runs on the connection's reader.</summary>
    public void OnMessage(StompFrame frame)
    {
        long tag;
        lock (_lock)
        {
            tag = ++_lastTag;
            _unsettled.Add(tag, frame);
        }
        Received(this, frame, tag);
    }

    /// <summary>The frame of a delivery that is not settled yet.</summary>
    public StompFrame? Find(long tag)
    {
        lock (_lock)
        {
            return _unsettled.GetValueOrDefault(tag);
        }
    }

    /// <summary>A delivery is settled.</summary>
    public void Remove(long tag)
    {
        lock (_lock)
        {
            _unsettled.Remove(tag);
        }
    }

    /// <summary>A settlement begins; false where the consumer has ended, and with it everything it held.</summary>
    public bool TryBeginSettling()
    {
        lock (_lock)
        {
            _settling += _isEnded ? 0 : 1;
            return !_isEnded;
        }
    }

    /// <summary>A settlement is through.</summary>
    public void EndSettling()
    {
        lock (_lock)
        {
            if (--_settling == 0)
            {
                _settled?.TrySetResult();
            }
        }
    }

    /// <summary>
    /// Begins no more settlements, and ends when those under way are through: a message whose copy is on its way back would come twice,
    /// because the end of the consumer gives the original back too.
    /// </summary>
    public Task EndSettlementsAsync()
    {
        lock (_lock)
        {
            _isEnded = true;
            return _settling == 0 ? Task.CompletedTask : (_settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>
    /// A copy of the message has gone back to the queue; the original stays unacknowledged until the consumer ends, so that the server has no
    /// room to send another one to a consumer that is stopping.
    /// </summary>
    public void Plug(long tag)
    {
        lock (_lock)
        {
            if (_unsettled.Remove(tag, out var frame))
            {
                _plugs.Add(AckId(frame));
            }
        }
    }

    /// <summary>Notes a message that is to go back, in the order of its delivery; <see cref="ReturnAsync"/> sends it.</summary>
    public void GoesBack(long tag, StompFrame frame)
    {
        lock (_lock)
        {
            _goingBack[tag] = frame;
        }
    }

    /// <summary>Sends back what is noted, one after the other in the order of delivery. Calls that come meanwhile join the one that runs.</summary>
    public Task ReturnAsync(Func<long, StompFrame, Task> send)
    {
        lock (_lock)
        {
            return _returning = _returning is { IsCompleted: false } running ? ContinueAsync(running, send) : SendNotedAsync(send);
        }
    }

    private async Task ContinueAsync(Task running, Func<long, StompFrame, Task> send)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await SendNotedAsync(send).ConfigureAwait(false);
    }

    private async Task SendNotedAsync(Func<long, StompFrame, Task> send)
    {
        while (TakeNoted() is var (tag, frame))
        {
            await send(tag, frame).ConfigureAwait(false);
        }
    }

    private (long Tag, StompFrame Frame)? TakeNoted()
    {
        lock (_lock)
        {
            if (_goingBack.Count == 0)
            {
                return null;
            }
            var (tag, frame) = _goingBack.First();
            _goingBack.Remove(tag);
            return (tag, frame);
        }
    }

    /// <summary>Ends when nothing is on its way back any more.</summary>
    public Task Returned
    {
        get
        {
            lock (_lock)
            {
                return _returning ?? Task.CompletedTask;
            }
        }
    }

    /// <summary>The acknowledgement ids of the originals whose copies went back, once.</summary>
    public IReadOnlyList<string> TakePlugs()
    {
        lock (_lock)
        {
            string[] plugs = [.. _plugs];
            _plugs.Clear();
            return plugs;
        }
    }

    /// <summary>The id that acknowledges a MESSAGE (STOMP 1.2).</summary>
    public static string AckId(StompFrame frame) => frame.Headers.Find("ack") ?? frame.Headers.Find("message-id") ?? "";
}
