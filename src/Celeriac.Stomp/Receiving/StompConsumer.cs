using System.Collections.Concurrent;
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
    private readonly List<string> _plugs = [];
    private long _lastTag;

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

    /// <summary>True once it is being ended: the server gives back what it has not acknowledged.</summary>
    public bool IsEnding { get; set; }

    /// <summary>True for a consumer that took a single message and ends with it.</summary>
    public bool IsSingle { get; init; }

    /// <summary>Messages on their way back to the queue.</summary>
    public ConcurrentDictionary<Task, bool> GivingBack { get; } = new();

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

    /// <summary>The tags of what was handed over and is neither settled nor plugged, in their order.</summary>
    public IReadOnlyList<long> UnsettledTags()
    {
        lock (_lock)
        {
            return [.. _unsettled.Keys.Order()];
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
