namespace Celeriac.Messaging;

/// <summary>How an exchange chooses queues.</summary>
public enum ExchangeType
{
    /// <summary>To queues bound with exactly the routing key.</summary>
    Direct,
    /// <summary>To every bound queue.</summary>
    Fanout,
    /// <summary>To queues whose binding pattern matches: <c>*</c> is one word, <c>#</c> any number of words, words are parted by dots.</summary>
    Topic,
}

/// <summary>How a queue keeps its messages.</summary>
public enum QueueType
{
    /// <summary>On one node; knows priorities.</summary>
    Classic,
    /// <summary>On several nodes, by consensus; knows no priorities.</summary>
    Quorum,
}

/// <summary>An exchange to declare. Declaring an equal one again does nothing; a different one is refused.</summary>
/// <param name="Name">The name, 1–255 bytes.</param>
/// <param name="Type">How it routes.</param>
public sealed record ExchangeDeclaration(string Name, ExchangeType Type = ExchangeType.Direct)
{
    /// <summary>True: survives a broker restart. Stores keep every exchange.</summary>
    public bool Durable { get; init; } = true;
}

/// <summary>A queue to declare. Declaring an equal one again does nothing; a different one is refused.</summary>
/// <param name="Name">The name, 1–255 bytes.</param>
public sealed record QueueDeclaration(string Name)
{
    /// <summary>True: survives a broker restart. Stores keep every queue.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>True: the broker deletes the queue with its last consumer. Where a messaging system knows no such queues they stay; give <see cref="Expires"/> too.</summary>
    public bool AutoDelete { get; init; }

    /// <summary>True: only this connection may use the queue, and it ends with it. Other messaging systems than RabbitMQ do not know such queues and share them.</summary>
    public bool Exclusive { get; init; }

    /// <summary>The queue is deleted when nobody has consumed or declared it for this long; null for never.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>A message that has waited this long is dead-lettered or dropped; null for never.</summary>
    public TimeSpan? MessageTimeToLive { get; init; }

    /// <summary>Classic or quorum on RabbitMQ; null for the URL's <c>queue_type</c>. Other messaging systems have one kind of queue and leave it.</summary>
    public QueueType? Type { get; init; }

    /// <summary>1–255 makes the queue order by priority up to this number; null ignores priorities.</summary>
    public byte? MaxPriority { get; init; }

    /// <summary>Where rejected and expired messages go; null drops them. The empty text is the default exchange.</summary>
    public string? DeadLetterExchange { get; init; }

    /// <summary>The routing key for dead letters; null keeps the message's own.</summary>
    public string? DeadLetterRoutingKey { get; init; }
}

/// <summary>A queue bound to an exchange.</summary>
/// <param name="Exchange">The exchange's name.</param>
/// <param name="Queue">The queue's name.</param>
/// <param name="RoutingKey">The key or topic pattern; fanout ignores it.</param>
public sealed record Binding(string Exchange, string Queue, string RoutingKey = "");

/// <summary>Exchanges, queues and bindings, declared in that order.</summary>
public sealed record Topology
{
    /// <summary>The exchanges.</summary>
    public IReadOnlyList<ExchangeDeclaration> Exchanges { get; init; } = [];
    /// <summary>The queues.</summary>
    public IReadOnlyList<QueueDeclaration> Queues { get; init; } = [];
    /// <summary>The bindings.</summary>
    public IReadOnlyList<Binding> Bindings { get; init; } = [];

    /// <summary>One durable queue.</summary>
    public static Topology Queue(string name) => new() { Queues = [new QueueDeclaration(name)] };
}

/// <summary>What is in a queue now.</summary>
/// <param name="Ready">Messages that a consumer could receive now.</param>
public sealed record QueueCounts(long Ready)
{
    /// <summary>True where the broker shows only a part of a long queue: there are at least <see cref="Ready"/> messages.</summary>
    public bool IsLowerBound { get; init; }
    /// <summary>Messages handed out and not yet settled; null where the transport cannot tell.</summary>
    public long? Unacknowledged { get; init; }
    /// <summary>Messages that wait for their due time; null where the transport cannot tell.</summary>
    public long? Delayed { get; init; }
    /// <summary>Live consumers; null where the transport cannot tell.</summary>
    public long? Consumers { get; init; }
}
