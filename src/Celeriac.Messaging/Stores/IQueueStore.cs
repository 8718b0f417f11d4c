namespace Celeriac.Messaging.Stores;

/// <summary>
/// What a store without a broker must offer to become a transport: <c>StoreTransport</c> builds exchanges, fanout, prefetch,
/// settlement, leases and expiry from it. All that writes takes a list, and each unit of it takes effect as a whole or not at all.
/// </summary>
/// <remarks>
/// Times are unix milliseconds from the transport's <see cref="TimeProvider"/>: the store never reads a clock.
/// Synchronous members are called from the transport's housekeeping thread, which must not depend on the thread pool.
/// </remarks>
public interface IQueueStore : IDocumentStore, IAsyncDisposable
{
    /// <summary>What the store can do.</summary>
    TransportCapabilities Capabilities { get; }

    /// <summary>Shared state in the same store; null, the default, where it keeps none. It is asked only with what is within the bounds, and once the store is open.</summary>
    IStateStore? State => null;

    /// <summary>
    /// How a store behind a network stands; null, the default, for a store inside the process. A store that says it connects by itself, waits for its server,
    /// and ends a wait within <c>publish_timeout</c>: only it knows what was sent (<see cref="PublishUnknownException"/>) and what was not.
    /// </summary>
    TransportHealth? Health => null;

    /// <summary>How often <see cref="Sweep"/> is called; default one second.</summary>
    TimeSpan SweepInterval => TimeSpan.FromSeconds(1);

    /// <summary>Opens the store, making it where it does not exist.</summary>
    ValueTask OpenAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes or changes tables as this version needs them, also where opening is not allowed to; answers a sentence about it, or null, the default, where there is nothing of the kind.
    /// </summary>
    ValueTask<string?> MigrateAsync(CancellationToken cancellationToken = default) => new((string?)null);

    /// <summary>The declared exchanges, queues and bindings with their version.</summary>
    ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds and removes exchanges, queues and bindings in one transaction if the version is still <paramref name="expectedVersion"/>; answers whether it was.
    /// Deleting a queue deletes its messages. Every applied change raises the version by one.
    /// </summary>
    ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default);

    /// <summary>
    /// Commits units, in order, many callers' units in one transaction where that pays. Returns when they are durable, an answer a unit.
    /// A unit that fails does not spoil the others: its answer carries the exception.
    /// The token ends the wait; the units may be committed all the same.
    /// </summary>
    ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default);

    /// <summary>Claims messages for a holder. The token ends the wait before the claim is made, never between claim and answer.</summary>
    ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default);

    /// <summary>What is in a queue at a moment.</summary>
    ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default);

    /// <summary>Deletes the messages of a queue that nobody has claimed; answers how many.</summary>
    ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Registers a lease holder that serves some queues; answers its number, which is never used again. Its queues are in use until it is released or reclaimed.
    /// </summary>
    /// <param name="name">The consumer's name.</param>
    /// <param name="lease">How long the holder may be silent before others take back what it holds; they read it with its beat.</param>
    /// <param name="queueIds">The queues it serves.</param>
    /// <param name="cancellationToken">Ends the wait before the holder is registered.</param>
    ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default);

    /// <summary>Gives back every claim of the holder, without counting a death, and removes it.</summary>
    ValueTask ReleaseHolderAsync(long holder, CancellationToken cancellationToken = default);

    /// <summary>Raises the beat of live holders and answers those that are gone because somebody reclaimed them. Also marks their queues as used at <paramref name="now"/>.</summary>
    IReadOnlyList<long> Beat(IReadOnlyList<long> holders, long now);

    /// <summary>Every registered holder with its beat.</summary>
    IReadOnlyList<HolderBeat> ReadBeats();

    /// <summary>
    /// Gives back every claim of holders that are still at the given beat, counting a death for each message, and removes them; answers how many messages came back.
    /// </summary>
    int Reclaim(IReadOnlyList<HolderBeat> dead);

    /// <summary>
    /// Deletes expired documents, and queues that no holder serves and whose <see cref="QueueDeclaration.Expires"/> has passed since they were declared
    /// or a holder left them; a bounded number at a time.
    /// </summary>
    void Sweep(long now);
}

/// <summary>A queue as stored.</summary>
/// <param name="Id">The store's number for the queue; never used again after a deletion.</param>
/// <param name="Declaration">What was declared.</param>
public sealed record StoredQueue(long Id, QueueDeclaration Declaration);

/// <summary>Everything declared, at one version.</summary>
/// <param name="Version">Grows with every change of the topology, in every process.</param>
/// <param name="Exchanges">The exchanges.</param>
/// <param name="Queues">The queues.</param>
/// <param name="Bindings">The bindings.</param>
public sealed record TopologySnapshot(
    long Version, IReadOnlyList<ExchangeDeclaration> Exchanges, IReadOnlyList<StoredQueue> Queues, IReadOnlyList<Binding> Bindings);

/// <summary>A change of the topology. Removals are done first, in the order: bindings, queues, exchanges.</summary>
public sealed record TopologyChange
{
    /// <summary>Exchanges, queues and bindings to add. None of them exists at the expected version.</summary>
    public Topology Add { get; init; } = new();
    /// <summary>Bindings to remove.</summary>
    public IReadOnlyList<Binding> RemoveBindings { get; init; } = [];
    /// <summary>Queues to remove, with their messages and bindings.</summary>
    public IReadOnlyList<long> RemoveQueues { get; init; } = [];
    /// <summary>Exchanges to remove, with their bindings.</summary>
    public IReadOnlyList<string> RemoveExchanges { get; init; } = [];
}

/// <summary>A message to put into one queue.</summary>
/// <param name="QueueId">The queue.</param>
/// <param name="Message">The message.</param>
/// <param name="Exchange">The exchange it was published to.</param>
/// <param name="RoutingKey">The routing key it was published with.</param>
public sealed record StorePut(long QueueId, Message Message, string Exchange, string RoutingKey)
{
    /// <summary>The order within the queue: higher first, then older first. Already cut to the queue's maximum.</summary>
    public byte Priority { get; init; }
    /// <summary>Unix milliseconds from which the message may be taken; 0 for at once.</summary>
    public long Due { get; init; }
    /// <summary>Unix milliseconds from which the message is expired; 0 for never.</summary>
    public long ExpiresAt { get; init; }
}

/// <summary>What happens to a claimed message.</summary>
public enum ClaimEnd
{
    /// <summary>The message is deleted.</summary>
    Remove,
    /// <summary>The message is ready again, at its old place.</summary>
    Return,
}

/// <summary>One all-or-nothing piece of work.</summary>
public sealed record StoreUnit
{
    /// <summary>The topology version that <see cref="Puts"/> were routed with; null where there is nothing to check.</summary>
    public long? TopologyVersion { get; init; }
    /// <summary>Messages to put.</summary>
    public IReadOnlyList<StorePut> Puts { get; init; } = [];
    /// <summary>
    /// Those of the publications behind <see cref="Puts"/> that went through an exchange or found no queue, for a store whose exchanges reach others than its own queues.
    /// </summary>
    public IReadOnlyList<Publication> Published { get; init; } = [];
    /// <summary>Documents to write.</summary>
    public IReadOnlyList<Document> Documents { get; init; } = [];
    /// <summary>The claim to end; null for none. It counts only while row, attempt and holder are all as claimed.</summary>
    public DeliveryClaim? Claim { get; init; }
    /// <summary>How the claim ends.</summary>
    public ClaimEnd End { get; init; }
}

/// <summary>What became of a <see cref="StoreUnit"/>.</summary>
public enum UnitStatus
{
    /// <summary>Durable.</summary>
    Applied,
    /// <summary>The claim was lost: nothing of the unit was written.</summary>
    Lost,
    /// <summary>The topology has changed since it was routed: nothing was written; look up, route and commit again.</summary>
    StaleTopology,
    /// <summary>It failed alone: nothing was written; see the exception.</summary>
    Failed,
}

/// <summary>The answer for a unit.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Error">Why it failed.</param>
public readonly record struct UnitAnswer(UnitStatus Status, Exception? Error = null);

/// <summary>What to take.</summary>
/// <param name="Holder">Who claims.</param>
/// <param name="QueueIds">The queues, in the order in which they are served.</param>
/// <param name="AtMost">How many messages in all.</param>
/// <param name="Now">Unix milliseconds.</param>
public sealed record TakeRequest(long Holder, IReadOnlyList<long> QueueIds, int AtMost, long Now)
{
    /// <summary>
    /// How many messages in all, asked at the moment of the claim: more than <see cref="AtMost"/> where others were settled since it was said. Null, the default, leaves it at that.
    /// A store that runs requests one after the other behind a queue asks it, and so claims with one commit what it would have claimed with two.
    /// </summary>
    public Func<int>? Room { get; init; }

    /// <summary>True takes only messages that have expired, for the sweep that dead-letters them.</summary>
    public bool ExpiredOnly { get; init; }
}

/// <summary>A claimed message.</summary>
/// <param name="Claim">Row, attempt and holder.</param>
/// <param name="QueueId">The queue.</param>
/// <param name="Message">The message.</param>
/// <param name="Exchange">The exchange it was published to.</param>
/// <param name="RoutingKey">The routing key it was published with.</param>
public sealed record TakenMessage(DeliveryClaim Claim, long QueueId, Message Message, string Exchange, string RoutingKey)
{
    /// <summary>True when it was handed out before.</summary>
    public bool Redelivered { get; init; }
    /// <summary>How often a holder died with it.</summary>
    public int Deaths { get; init; }
    /// <summary>Unix milliseconds from which it is expired; 0 for never. The store hands out expired messages too: the transport dead-letters them.</summary>
    public long ExpiresAt { get; init; }
}

/// <summary>What was taken.</summary>
/// <param name="Messages">The messages, best first.</param>
/// <param name="NextDue">Unix milliseconds at which the next delayed message of these queues is due; 0 where none is delayed.</param>
/// <param name="UnknownQueue">The first of the queues that no longer exists; null where all do.</param>
public sealed record TakeAnswer(IReadOnlyList<TakenMessage> Messages, long NextDue, long? UnknownQueue = null);

/// <summary>A lease holder and its beat counter.</summary>
/// <param name="Holder">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Beat">A counter that a live holder raises; observers judge its age by their own monotonic clock.</param>
/// <param name="Lease">The age at which the holder counts as dead: its own lease, whatever the observer's.</param>
public sealed record HolderBeat(long Holder, string Name, long Beat, TimeSpan Lease);
