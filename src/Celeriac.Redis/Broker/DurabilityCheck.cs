using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>Tells where the server's own settings can lose what it has confirmed.</summary>
internal static class DurabilityCheck
{
    public static async Task RunAsync(IConnectionMultiplexer redis, string name, ILogger log)
    {
        try
        {
            var info = (string?)await redis.GetDatabase().ExecuteAsync("INFO").ConfigureAwait(false) ?? "";
            if (info.Contains("aof_enabled:0", StringComparison.Ordinal))
            {
                Log.NotDurable(log, name);
            }
            if (info.Contains("maxmemory_policy:", StringComparison.Ordinal) && !info.Contains("maxmemory_policy:noeviction", StringComparison.Ordinal)
                && !info.Contains("maxmemory:0", StringComparison.Ordinal))
            {
                Log.Evicts(log, name);
            }
        }
        catch (Exception error) when (error is RedisException or RedisTimeoutException or ObjectDisposedException)
        {
            // Whoever may not ask does without the answer; a connection that is lost again is made again.
        }
    }
}
