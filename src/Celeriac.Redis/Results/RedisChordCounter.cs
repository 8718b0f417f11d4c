using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Celeriac.Redis.Connecting;
using Celeriac.SharedState;
using StackExchange.Redis;

namespace Celeriac.Redis.Results;

/// <summary>Counts the members of chords under Celery's own keys: members may run in Python and in C#, and so may the body.</summary>
internal sealed class RedisChordCounter(RedisConnection connection, string keyPrefix, TimeSpan kept) : IChordCounter
{
    // Longer than results: the sweeper must see a chord that has waited too long.
    private readonly string _expires = kept > TimeSpan.Zero ? ((long)Math.Ceiling((kept + TimeSpan.FromHours(1)).TotalSeconds)).ToString(CultureInfo.InvariantCulture) : "0";

    public bool IsShared => true;

    public async ValueTask BeginAsync(string groupId, int size, CancellationToken cancellationToken)
    {
        RedisKey[] keys = [KeyOf(groupId, ".s")];
        RedisValue[] arguments = [size.ToString(CultureInfo.InvariantCulture), _expires];
        await connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(ChordScripts.Begin, keys, arguments), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<ChordCount> AddAsync(string groupId, ChordPart part, CancellationToken cancellationToken)
    {
        RedisKey[] keys = [KeyOf(groupId, ".j"), KeyOf(groupId, ".s"), KeyOf(groupId, ".t")];
        var id = $"\"{JsonEncodedText.Encode(part.TaskId)}\"";
        RedisValue[] arguments =
        [
            part.Index is { } index ? index.ToString(CultureInfo.InvariantCulture) : "+inf", MemberOf(part), $"[1,{id},", $"[1, {id},", _expires,
        ];
        var answer = await connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(ChordScripts.Add, keys, arguments), cancellationToken).ConfigureAwait(false);
        return CountOf((int)answer[0], (string?)answer[1], (string?)answer[2]);
    }

    public async ValueTask GrowAsync(string groupId, string taskId, CancellationToken cancellationToken) =>
        await connection.CallAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(ChordScripts.Grow, [KeyOf(groupId, ".t"), KeyOf(groupId, ".added")], [taskId, _expires]), cancellationToken).ConfigureAwait(false);

    public async ValueTask<ChordCount> CountAsync(string groupId, CancellationToken cancellationToken)
    {
        var ended = await connection.CallAsync(redis => redis.GetDatabase().SortedSetLengthAsync(KeyOf(groupId, ".j")), cancellationToken).ConfigureAwait(false);
        RedisKey[] keys = [KeyOf(groupId, ".s"), KeyOf(groupId, ".t")];
        var sizes = await connection.CallAsync(redis => redis.GetDatabase().StringGetAsync(keys), cancellationToken).ConfigureAwait(false);
        return CountOf((int)ended, sizes[0], sizes[1]);
    }

    public async ValueTask<IReadOnlyList<ChordPart>> ReadAsync(string groupId, CancellationToken cancellationToken)
    {
        var members = await connection.CallAsync(redis => redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(KeyOf(groupId, ".j")), cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ChordPart> parts = [.. members.Select(member => PartOf(member.Element, member.Score)).OfType<ChordPart>()];
        // A Python sender writes the header down where groups are nested in it: the results have that shape then.
        var header = (byte[]?)await connection.CallAsync(redis => redis.GetDatabase().StringGetAsync(KeyOf(groupId, "")), cancellationToken).ConfigureAwait(false);
        return header is null ? parts : ChordShape.Apply(header, parts) ?? parts;
    }

    public async ValueTask EndAsync(string groupId, CancellationToken cancellationToken)
    {
        RedisKey[] keys = [KeyOf(groupId, ".j"), KeyOf(groupId, ".t"), KeyOf(groupId, ".s"), KeyOf(groupId, ".added")];
        await connection.CallAsync(redis => redis.GetDatabase().KeyDeleteAsync(keys), cancellationToken).ConfigureAwait(false);
    }

    private RedisKey KeyOf(string groupId, string part) => $"{keyPrefix}celery-taskset-meta-{groupId}{part}";

    private static ChordCount CountOf(int ended, string? size, string? added) =>
        int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var all)
            ? new ChordCount(ended, all + (int.TryParse(added, NumberStyles.None, CultureInfo.InvariantCulture, out var more) ? more : 0))
            : new ChordCount(ended, null);

    /// <summary>A member as Celery writes it: <c>[1, id, state, result]</c>.</summary>
    private static byte[] MemberOf(ChordPart part)
    {
        var buffer = new ArrayBufferWriter<byte>(part.Result.Length + 100);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartArray();
        writer.WriteNumberValue(1);
        writer.WriteStringValue(part.TaskId);
        writer.WriteStringValue(part.Status);
        writer.WriteRawValue(part.Result.Span, skipInputValidation: true);
        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static ChordPart? PartOf(RedisValue member, double score)
    {
        try
        {
            using var document = JsonDocument.Parse((byte[])member!, new JsonDocumentOptions { MaxDepth = 1000 });
            return document.RootElement is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() == 4
                ? new ChordPart(double.IsFinite(score) ? (int)score : null, array[1].GetString()!, array[2].GetString()!, System.Text.Encoding.UTF8.GetBytes(array[3].GetRawText()))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
