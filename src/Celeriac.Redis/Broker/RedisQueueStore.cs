using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using Celeriac.Redis.Connecting;
using Celeriac.Redis.State;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// Queues in Redis in the form of Kombu's transport, shared with Python workers and clients; and beside them, in keys of its own that Kombu does not look at,
/// what Kombu does not have: declarations, leases, delays, expiry. Every step is one script.
/// </summary>
internal sealed partial class RedisQueueStore : IQueueStore
{
    private readonly RedisBrokerOptions _options;
    private readonly BrokerKeys _keys;
    private readonly RedisValue[] _names;
    private readonly RedisValue[] _steps;
    private readonly RedisConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ChangeSignal _changes = new();
    private readonly FanoutBridge _bridge;
    private readonly string _name;

    /// <summary>Makes the store, not yet open.</summary>
    public RedisQueueStore(BrokerUrl url, RedisBrokerOptions options, TransportContext context)
    {
        _options = options;
        _name = url.ToString();
        _keys = new BrokerKeys(options);
        _names = [_keys.Own, _keys.Unacked, _keys.UnackedIndex, options.Prefix];
        _steps = [options.PrioritySteps.Count, .. options.PrioritySteps.Select(step => (RedisValue)(int)step)];
        _time = context.Time;
        _log = context.LoggerFactory.CreateLogger("Celeriac.Broker.Redis");
        _connection = new RedisConnection(url, options.Connection, context.Time, _log);
        _connection.Connected += redis => DurabilityCheck.RunAsync(redis, _name, _log);
        _ = new WakeUps(_connection, options.Connection.ClientName, _changes, _log);
        _bridge = new FanoutBridge(_connection, _keys, _names, _log);
        State = new RedisStateStore(_connection, options.Connection.KeyPrefix, context.Time);
    }

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; } = new()
    {
        Durable = true,
        SharedBetweenProcesses = true,
        Exchanges = true,
        Fanout = true,
        Topic = true,
        Delay = true,
        SeesDelayed = true,
        MaxPriority = 9,
        LowerPrioritiesFirst = true,
        BroadcastsByFanout = true,
        MessageExpiry = true,
        QueueExpiry = true,
        DeadLetter = true,
        AtomicCompletion = true,
        FencedLeases = true,
        // A value of Redis has at most 512 MiB, and the body's base64 is a third longer.
        MaxBodyBytes = 256L << 20,
        Counts = true,
        CountsUnacknowledged = true,
        CountsConsumers = true,
    };

    /// <inheritdoc/>
    public IStateStore State { get; }

    /// <inheritdoc/>
    public TransportHealth Health => _connection.Health;

    /// <inheritdoc/>
    public long Changes => _changes.Version;

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken = default) => await _connection.ConnectAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default) =>
        await _changes.WaitAsync(seen, atMost, _time, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default) =>
        throw new TransportRefusedException($"'{_name}' keeps no documents beside its queues. Write results to a result store, for example to the same URL as result_backend.");

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
    public async ValueTask DisposeAsync()
    {
        await _bridge.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private Task<RedisResult> RunAsync(string script, IEnumerable<RedisValue> arguments, CancellationToken cancellationToken)
    {
        RedisValue[] values = [.. _names, .. arguments];
        return _connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(script, null, values), cancellationToken);
    }

    private RedisResult Run(string script, IEnumerable<RedisValue> arguments)
    {
        RedisValue[] values = [.. _names, .. arguments];
        return _connection.Call(redis => redis.ScriptEvaluate(script, null, values));
    }
}
