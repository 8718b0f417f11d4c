using Celeriac.Protocol;
using Celeriac.Redis.Connecting;
using StackExchange.Redis;

namespace Celeriac.Redis.Results;

/// <summary>Saved groups under Celery's own keys: what Python has saved is restored here, and the other way round.</summary>
/// <param name="connection">To the server.</param>
/// <param name="keyPrefix">What all keys begin with.</param>
/// <param name="expires">How long they are kept; zero for ever.</param>
/// <param name="contents">In which formats they are read.</param>
internal sealed class RedisGroupStore(RedisConnection connection, string keyPrefix, TimeSpan expires, ResultContents contents) : IGroupStore
{
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(string groupId, CancellationToken cancellationToken = default)
    {
        var value = await connection.CallAsync(redis => redis.GetDatabase().StringGetAsync(KeyOf(groupId)), cancellationToken).ConfigureAwait(false);
        return (byte[]?)value is { } stored ? contents.ReadGroup(groupId, stored) : default;
    }

    public async ValueTask WriteAsync(string groupId, ReadOnlyMemory<byte> json, CancellationToken cancellationToken = default) =>
        await connection.CallAsync(redis => redis.GetDatabase().StringSetAsync(KeyOf(groupId), json, expires > TimeSpan.Zero ? expires : (TimeSpan?)null, When.Always), cancellationToken).ConfigureAwait(false);

    public async ValueTask DeleteAsync(string groupId, CancellationToken cancellationToken = default) =>
        await connection.CallAsync(redis => redis.GetDatabase().KeyDeleteAsync(KeyOf(groupId)), cancellationToken).ConfigureAwait(false);

    private RedisKey KeyOf(string groupId) => $"{keyPrefix}celery-taskset-meta-{groupId}";
}
