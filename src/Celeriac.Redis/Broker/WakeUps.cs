using Celeriac.Messaging.Stores;
using Celeriac.Redis.Connecting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>
/// Has the server tell when a list changes that was looked at in vain, whoever changes it: Redis' own tracking for client-side caches (CLIENT TRACKING, Redis 6),
/// redirected to the connection that listens to channels. Where the server does not have it, the look every second remains.
/// </summary>
#pragma warning disable CA1001 // The semaphore has no wait handle to release, and a call that a lost connection ends still leaves it.
internal sealed class WakeUps
#pragma warning restore CA1001
{
    private static readonly RedisChannel s_channel = RedisChannel.Literal("__redis__:invalidate");
    private readonly RedisConnection _connection;
    private readonly string _clientName;
    private readonly ChangeSignal _changes;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _starting = new(1, 1);
    private bool _isTold;

    public WakeUps(RedisConnection connection, string clientName, ChangeSignal changes, ILogger log)
    {
        (_connection, _clientName, _changes, _log) = (connection, clientName, changes, log);
        connection.Connected += TrackAsync;
    }

    private async Task TrackAsync(IConnectionMultiplexer redis)
    {
        await _starting.WaitAsync().ConfigureAwait(false);
        try
        {
            var subscriber = redis.GetSubscriber();
            await subscriber.UnsubscribeAsync(s_channel).ConfigureAwait(false);
            await subscriber.SubscribeAsync(s_channel, (_, _) => _changes.Pulse()).ConfigureAwait(false);
            await RedirectAsync(redis.GetDatabase()).ConfigureAwait(false);
        }
        catch (RedisServerException refusal)
        {
            Tell(refusal.Message);
        }
        catch (Exception error) when (error is RedisException or RedisTimeoutException or ObjectDisposedException)
        {
            // Lost again, and told again; or closed.
        }
        finally
        {
            _starting.Release();
            // What changed before the server began to tell.
            _changes.Pulse();
        }
    }

    private async Task RedirectAsync(IDatabase database)
    {
        var list = (string?)await database.ExecuteAsync("CLIENT", "LIST", "TYPE", "PUBSUB").ConfigureAwait(false) ?? "";
        if (list.Split('\n').LastOrDefault(line => line.Contains($" name={_clientName} ", StringComparison.Ordinal)) is not { } line)
        {
            Tell("it does not list the connection that listens");
            return;
        }
        var id = line.Split(' ').First(part => part.StartsWith("id=", StringComparison.Ordinal))[3..];
        await database.ExecuteAsync("CLIENT", "TRACKING", "OFF").ConfigureAwait(false);
        await database.ExecuteAsync("CLIENT", "TRACKING", "ON", "REDIRECT", id, "NOLOOP").ConfigureAwait(false);
    }

    private void Tell(string reason)
    {
        if (!_isTold)
        {
            _isTold = true;
            Log.NotTracked(_log, _connection.Name, reason);
        }
    }
}
