using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis;
using Celeriac.Redis.Broker;
using Celeriac.Redis.Native;

[assembly: Transport("redis", typeof(RedisTransportFactory))]
[assembly: Transport("rediss", typeof(RedisTransportFactory))]
[assembly: Transport("redis+socket", typeof(RedisTransportFactory))]

namespace Celeriac.Redis;

/// <summary>
/// Makes transports over Redis in the form of Kombu's, so that Python workers and clients on <c>redis://</c> share the queues:
/// <c>redis://user:password@host:6379/0</c>, <c>rediss://…</c> over TLS, and <c>redis+socket:///run/redis/redis.sock?virtual_host=0</c>. Needs Redis 6 or newer, and not Redis Cluster.
/// </summary>
/// <remarks>
/// <c>form=native</c> keeps the queues in a form of Celeriac's own instead, which costs the server less and which Python does not read: higher priorities first, 0–255, in queues that have them.
/// Options: those of the connection, as for results (<see cref="RedisResultStoreFactory"/>); those of every store (<see cref="StoreTransportOptions"/>);
/// and in Kombu's form its transport options, which both sides must have alike: <c>global_keyprefix</c>, <c>visibility_timeout</c> (default one hour), <c>priority_steps</c> (default 0,3,6,9),
/// <c>sep</c>, <c>unacked_key</c>, <c>unacked_index_key</c>, <c>unacked_restore_limit</c> and <c>fanout_prefix</c>.
/// </remarks>
public sealed class RedisTransportFactory : ITransportFactory
{
    /// <inheritdoc/>
    public ITransport Create(BrokerUrl url, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        var options = RedisBrokerOptions.From(url);
        return new StoreTransport(url, options.IsNative ? new NativeQueueStore(url, options, context) : new RedisQueueStore(url, options, context), context);
    }
}
