namespace Celeriac.Messaging;

/// <summary>
/// What a messaging system can do. What it cannot do is said here and refused with a clear error; no member of <see cref="ITransport"/>
/// throws "not implemented". The table in the documentation is checked against these values by a test.
/// </summary>
public sealed record TransportCapabilities
{
    /// <summary>A published message survives the death of every process (and, with the default settings, power loss).</summary>
    public bool Durable { get; init; }

    /// <summary>Several processes can use the same URL.</summary>
    public bool SharedBetweenProcesses { get; init; }

    /// <summary>Exchanges can be declared, and queues bound to them. False: there is only the default exchange, which routes to the queue named by the routing key.</summary>
    public bool Exchanges { get; init; }

    /// <summary>Fanout exchanges.</summary>
    public bool Fanout { get; init; }

    /// <summary>Topic exchanges.</summary>
    public bool Topic { get; init; }

    /// <summary>Messages can wait in the broker for a due time.</summary>
    public bool Delay { get; init; }

    /// <summary>The longest delay; null where there is no limit.</summary>
    public TimeSpan? LongestDelay { get; init; }

    /// <summary>Delayed messages are counted, and purged with their queue. False: they wait out of sight until their time.</summary>
    public bool SeesDelayed { get; init; }

    /// <summary>The highest priority that a queue can tell apart; 0 where priorities have no effect.</summary>
    public byte MaxPriority { get; init; }

    /// <summary>
    /// True, as Kombu has it on Redis: priority 0 comes first, and every queue orders by priority, whatever it declares. False: higher comes first, in queues with a maximum priority.
    /// </summary>
    public bool LowerPrioritiesFirst { get; init; }

    /// <summary>True, as Kombu has it on Redis: what is for whoever listens, as Celery's events are, travels through a fanout exchange instead of a topic exchange.</summary>
    public bool BroadcastsByFanout { get; init; }

    /// <summary>Messages can expire, by their own time or their queue's.</summary>
    public bool MessageExpiry { get; init; }

    /// <summary>Queues that nobody uses can expire.</summary>
    public bool QueueExpiry { get; init; }

    /// <summary>Dead-letter exchanges.</summary>
    public bool DeadLetter { get; init; }

    /// <summary>Documents commit in one transaction with settlements (<see cref="ITransport.Documents"/> is not null).</summary>
    public bool Documents { get; init; }

    /// <summary>Follow-ups, document and settlement of a completion take effect together or not at all.</summary>
    public bool AtomicCompletion { get; init; }

    /// <summary>A holder that froze past its lease cannot settle any more.</summary>
    public bool FencedLeases { get; init; }

    /// <summary>Largest body in bytes.</summary>
    public long MaxBodyBytes { get; init; }

    /// <summary>Queues can be counted.</summary>
    public bool Counts { get; init; }

    /// <summary>Counts say how many messages are handed out and not yet settled.</summary>
    public bool CountsUnacknowledged { get; init; }

    /// <summary>How often a worker's heartbeat is worth its cost, where nobody says otherwise: 2 seconds, as in Celery; less often where each is a write into a database.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Counts say how many consumers a queue has.</summary>
    public bool CountsConsumers { get; init; }
}
