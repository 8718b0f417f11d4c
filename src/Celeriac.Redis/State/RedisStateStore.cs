using System.Globalization;
using System.Security.Cryptography;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Connecting;
using StackExchange.Redis;

namespace Celeriac.Redis.State;

/// <summary>Shared state in Redis, over the connection of the results. Its clock is the server's.</summary>
internal sealed class RedisStateStore(RedisConnection connection, string keyPrefix, TimeProvider time) : IStateStore
{
    // The braces put all keys into one slot of a cluster, where one script may touch several.
    private readonly string _prefix = $"{keyPrefix}{{celeriac-state}}:";
    private readonly string _listPrefix = $"{keyPrefix}{{celeriac-state}}-kind:";

    public async ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        StateRules.Require(keys);
        if (keys.Count == 0)
        {
            return new StateReading([], time.GetUtcNow());
        }
        RedisKey[] names = [.. keys.Select(KeyOf)];
        var answer = await connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(StateScripts.Read, names), cancellationToken).ConfigureAwait(false);
        return Reading(keys, answer, start: 0);
    }

    public async ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default)
    {
        StateRules.Require(changes);
        string[] keys = [.. changes.Select(change => change.Key)];
        if (keys.Length == 0)
        {
            return new StateAnswer(true, new StateReading([], time.GetUtcNow()));
        }
        RedisKey[] names = [.. keys.Select(KeyOf), .. keys.Select(ListOf)];
        RedisValue[] arguments = ["0", .. changes.SelectMany(ArgumentsOf)];
        var calls = 0;
        var answer = await connection.CallAsync(
            redis =>
            {
                arguments[0] = calls++ == 0 ? "0" : "1";
                return redis.GetDatabase().ScriptEvaluateAsync(StateScripts.Write, names, arguments);
            }, cancellationToken).ConfigureAwait(false);
        return new StateAnswer((int)answer[0] == 1, Reading(keys, answer, start: 1));
    }

    public async ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default)
    {
        StateRules.RequirePage(prefix, limit);
        var listed = await connection.CallAsync(redis => redis.GetDatabase().SortedSetRangeByRankAsync(ListOf(prefix)), cancellationToken).ConfigureAwait(false);
        var keys = listed.Select(key => key.ToString())
            .Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(key, after) > 0)
            .Order(StringComparer.Ordinal).ToList();
        var found = new List<StateEntry>();
        var read = 0;
        StateReading reading;
        do
        {
            // Some may have expired: a page that is not full is the last one, so it is filled up.
            var some = keys.Slice(read, Math.Min(limit - found.Count, keys.Count - read));
            reading = await ReadAsync(some, cancellationToken).ConfigureAwait(false);
            found.AddRange(reading.Entries);
            read += some.Count;
        }
        while (found.Count < limit && read < keys.Count);
        return reading with { Entries = found };
    }

    private RedisKey KeyOf(string key) => _prefix + key;

    private RedisKey ListOf(string key) => _listPrefix + (key.IndexOf('/', StringComparison.Ordinal) is var end and >= 0 ? key[..end] : key);

    private static IEnumerable<RedisValue> ArgumentsOf(StateChange change)
    {
        yield return change.ExpectedVersion is { } version ? version.ToString(CultureInfo.InvariantCulture) : "";
        // Drawn here and not counted there, so that a call whose answer was lost knows its own work again.
        yield return change.Content is null ? "" : RandomVersion().ToString(CultureInfo.InvariantCulture);
        yield return change.Lifetime is { } lifetime ? ((long)Math.Ceiling(lifetime.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture) : "";
        yield return change.Content ?? ReadOnlyMemory<byte>.Empty;
        yield return change.Key;
    }

    private static long RandomVersion()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return Math.Max(1, BitConverter.ToInt64(bytes) & (long.MaxValue >> 1));
    }

    private static StateReading Reading(IReadOnlyList<string> keys, RedisResult answer, int start)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds((long)answer[start]).AddMicroseconds((long)answer[start + 1]);
        var entries = new List<StateEntry>(keys.Count);
        for (var index = 0; index < keys.Count; index++)
        {
            var place = start + 2 + (2 * index);
            if ((byte[]?)answer[place] is { } value && Entry(keys[index], value, (long)answer[place + 1], now) is { } entry)
            {
                entries.Add(entry);
            }
        }
        return new StateReading(entries, now);
    }

    private static StateEntry? Entry(string key, byte[] value, long milliseconds, DateTimeOffset now)
    {
        var colon = value.AsSpan().IndexOf((byte)':');
        return colon > 0 && long.TryParse(value.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new StateEntry(key, value.AsMemory(colon + 1), version, milliseconds < 0 ? null : now.AddMilliseconds(milliseconds))
            : null;
    }
}
