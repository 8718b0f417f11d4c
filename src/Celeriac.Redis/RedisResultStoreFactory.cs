using Celeriac;
using Celeriac.Messaging;
using Celeriac.Redis;
using Celeriac.Redis.Results;

[assembly: ResultStore("redis", typeof(RedisResultStoreFactory))]
[assembly: ResultStore("rediss", typeof(RedisResultStoreFactory))]
[assembly: ResultStore("redis+socket", typeof(RedisResultStoreFactory))]

namespace Celeriac.Redis;

/// <summary>
/// Makes result stores in Redis, in Celery's own form: <c>redis://user:password@host:6379/1</c>, <c>rediss://…</c> over TLS, and
/// <c>redis+socket:///run/redis/redis.sock?virtual_host=1</c> over a Unix socket. The path, or <c>virtual_host</c>, is the database's number.
/// Several servers that replicate each other are parted by semicolons; the options of the first hold for all.
/// </summary>
/// <remarks>
/// Options: <c>connect_timeout</c>, <c>reconnect_delay</c>, <c>reconnect_delay_max</c>, <c>publish_timeout</c> (how long a read or write may take, the wait for a
/// connection included) and <c>heartbeat</c> as on every broker; <c>global_keyprefix</c> (what stands before every key, as in Celery's transport options);
/// Celery's <c>socket_connect_timeout</c>, <c>socket_timeout</c> and <c>health_check_interval</c> for the first, fourth and fifth.
/// For <c>rediss</c>: <c>ca</c>, <c>client_certificate</c>, <c>client_key</c>, <c>client_certificate_password</c>, <c>server_name</c> and <c>verify</c> as on every
/// broker, and Celery's <c>ssl_cert_reqs</c>, <c>ssl_ca_certs</c>, <c>ssl_certfile</c> and <c>ssl_keyfile</c>. Unlike Celery, the server's certificate and its
/// name are verified unless the URL says otherwise.
/// </remarks>
public sealed class RedisResultStoreFactory : IResultStoreFactory
{
    /// <inheritdoc/>
    public IResultStore Create(BrokerUrl url, ResultStoreContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        return new RedisResultStore(url, RedisOptions.From(url), context);
    }
}
