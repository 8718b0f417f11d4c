using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using StackExchange.Redis;

namespace Celeriac.Redis.Connecting;

/// <summary>The options of a URL as StackExchange.Redis wants them.</summary>
internal static class RedisConfiguration
{
    /// <exception cref="TransportRefusedException">A certificate's file cannot be read.</exception>
    public static ConfigurationOptions For(BrokerUrl url, RedisOptions options)
    {
        var configuration = new ConfigurationOptions
        {
            User = url.User,
            Password = url.Password,
            DefaultDatabase = options.Database,
            ClientName = options.ClientName,
            // The first connection fails in words; from then on the library makes each next one.
            AbortOnConnectFail = true,
            ConnectRetry = 1,
            ConnectTimeout = Milliseconds(options.Reconnect.ConnectTimeout),
            AsyncTimeout = Milliseconds(options.AnswerTimeout),
            SyncTimeout = Milliseconds(options.AnswerTimeout),
            BacklogPolicy = options.FailsFast ? BacklogPolicy.FailFast : BacklogPolicy.Default,
            KeepAlive = (int)Math.Ceiling(options.Reconnect.Heartbeat.TotalSeconds),
            ReconnectRetryPolicy = new BackOff(options.Reconnect),
            Protocol = RedisProtocol.Resp2,
            // Neither a channel nor a key of the library's own in a database that belongs to Celery.
            ConfigurationChannel = "",
            TieBreaker = "",
            IncludeDetailInExceptions = false,
        };
        foreach (var server in options.Servers)
        {
            configuration.EndPoints.Add(server);
        }
        if (options.Tls is { } tls)
        {
            // Read once here, so that a fault in a file is told; and at each connect, so that renewed files are used.
            _ = BrokerTls.OptionsFor(tls, url);
            configuration.Ssl = true;
            configuration.SslClientAuthenticationOptions = _ => BrokerTls.OptionsFor(tls, url);
        }
        return configuration;
    }

    private static int Milliseconds(TimeSpan time) => (int)Math.Min(time.TotalMilliseconds, int.MaxValue);

    /// <summary>The same back-off as every broker's.</summary>
    private sealed class BackOff(ReconnectOptions options) : IReconnectRetryPolicy
    {
        public bool ShouldRetry(long currentRetryCount, int timeElapsedMillisecondsSinceLastRetry) =>
            timeElapsedMillisecondsSinceLastRetry >= options.DelayAfter((int)Math.Clamp(currentRetryCount, 1, 31)).TotalMilliseconds;
    }
}
