using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// Queues in Redis in the form of Kombu's transport, shared with Python workers and clients; and beside them, in keys of its own that Kombu does not look at,
/// what Kombu does not have: declarations, leases, delays, expiry. Every step is one script.
/// </summary>
internal sealed partial class RedisQueueStore : RedisStore
{
    private readonly BrokerKeys _keys;
    private readonly RedisValue[] _steps;
    private readonly FanoutBridge _bridge;

    /// <summary>Makes the store, not yet open.</summary>
    public RedisQueueStore(BrokerUrl url, RedisBrokerOptions options, TransportContext context)
        : this(url, options, context, new BrokerKeys(options))
    {
    }

    private RedisQueueStore(BrokerUrl url, RedisBrokerOptions options, TransportContext context, BrokerKeys keys)
        : base(url, options, context, BrokerScripts.Prelude, keys.Own, keys.Unacked, keys.UnackedIndex, options.Prefix)
    {
        _keys = keys;
        _steps = [options.PrioritySteps.Count, .. options.PrioritySteps.Select(step => (RedisValue)(int)step)];
        _bridge = new FanoutBridge(Connection, _keys, Names, Logger);
    }

    /// <inheritdoc/>
    public override TransportCapabilities Capabilities { get; } = new()
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
    public override async ValueTask DisposeAsync()
    {
        await _bridge.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
