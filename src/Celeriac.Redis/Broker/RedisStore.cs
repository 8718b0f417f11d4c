using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using Celeriac.Redis.Connecting;
using Celeriac.Redis.State;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// What both forms of queues in Redis have in common: the connection, wake-ups, leases, and takes whose answer is lost. A form has scripts and keys of its own;
/// every step is one script.
/// </summary>
internal abstract partial class RedisStore : IQueueStore
{
    private readonly RedisValue[] _names;
    private readonly string _uses;
    private readonly HolderScripts _holderScripts;
    private readonly ChangeSignal _changes = new();

    /// <summary>Makes the store, not yet open.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="options">What it says.</param>
    /// <param name="context">Clock and log.</param>
    /// <param name="prelude">What every script of the form begins with.</param>
    /// <param name="names">The first arguments of every script; the first of them is the prefix of the form's own keys.</param>
    protected RedisStore(BrokerUrl url, RedisBrokerOptions options, TransportContext context, string prelude, params RedisValue[] names)
    {
        (Options, Name, Time) = (options, url.ToString(), context.Time);
        (_names, _uses, _holderScripts) = (names, $"{names[0]}uses", new HolderScripts(prelude));
        Logger = context.LoggerFactory.CreateLogger("Celeriac.Broker.Redis");
        Connection = new RedisConnection(url, options.Connection, context.Time, Logger);
        Connection.Connected += redis => DurabilityCheck.RunAsync(redis, Name, Logger);
        _ = new WakeUps(Connection, options.Connection.ClientName, _changes, Logger);
        State = new RedisStateStore(Connection, options.Connection.KeyPrefix, context.Time);
    }

    /// <inheritdoc/>
    public abstract TransportCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public IStateStore State { get; }

    /// <inheritdoc/>
    public TransportHealth Health => Connection.Health;

    /// <inheritdoc/>
    public long Changes => _changes.Version;

    /// <summary>What the URL says.</summary>
    protected RedisBrokerOptions Options { get; }

    /// <summary>The URL without password.</summary>
    protected string Name { get; }

    /// <summary>The connection.</summary>
    protected RedisConnection Connection { get; }

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; }

    /// <summary>The log.</summary>
    protected ILogger Logger { get; }

    /// <summary>The first arguments of every script.</summary>
    protected RedisValue[] Names => _names;

    /// <summary>Now, in unix milliseconds.</summary>
    protected long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken = default) => await Connection.ConnectAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public abstract ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public abstract void Sweep(long now);

    /// <inheritdoc/>
    public async ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default) =>
        await _changes.WaitAsync(seen, atMost, Time, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default) =>
        throw new TransportRefusedException($"'{Name}' keeps no documents beside its queues. Write results to a result store, for example to the same URL as result_backend.");

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IReadOnlyList<StoredDocument>>([]);

    /// <inheritdoc/>
    public ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(0L);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IReadOnlyList<(long Sequence, string Key)>>([]);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>Wakes whoever of this process waits: the server tells a connection nothing of its own changes.</summary>
    protected void Pulse() => _changes.Pulse();

    /// <summary>Whether a change of the topology was made.</summary>
    /// <param name="answer">The script's: 1 or 0, or the name of a queue that is there in the other form.</param>
    /// <param name="other">The other form, and who opens it.</param>
    /// <exception cref="TransportRefusedException">The queue is there in the other form.</exception>
    protected bool IsChanged(RedisResult answer, string other) => answer.Resp2Type == ResultType.Integer ? (int)answer == 1 : throw new TransportRefusedException(
        $"Queue '{answer}' cannot be declared on '{Name}': it is there in {other}. Let its workers empty it and delete it there, or use another database or global_keyprefix.");

    /// <summary>Runs a script that may run twice.</summary>
    protected Task<RedisResult> RunAsync(string script, IEnumerable<RedisValue> arguments, CancellationToken cancellationToken)
    {
        RedisValue[] values = [.. _names, .. arguments];
        return Connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(script, null, values), cancellationToken);
    }

    /// <summary>Runs a script from a thread that may be blocked.</summary>
    protected RedisResult Run(string script, IEnumerable<RedisValue> arguments)
    {
        RedisValue[] values = [.. _names, .. arguments];
        return Connection.Call(redis => redis.ScriptEvaluate(script, null, values));
    }
}
