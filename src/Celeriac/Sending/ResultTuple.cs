using System.Buffers;
using System.Text.Json;

namespace Celeriac.Sending;

/// <summary>
/// Results as Celery's tuples (CELERY-PROTOCOL 12.4): <c>[[id, parent], null]</c> for a task, <c>[[id, parent], [member, …]]</c> for a group. A parent that all members share is
/// written once, with the group, so that the size stays linear.
/// </summary>
internal static class ResultTuple
{
    /// <summary>More than these are not written: Python reads JSON no deeper than about a thousand levels.</summary>
    public const int MostParents = 200;

    private static readonly JsonWriterOptions s_writing = new() { SkipValidation = true, MaxDepth = 8 * MostParents };
    private static readonly JsonDocumentOptions s_reading = new() { MaxDepth = 8 * MostParents };

    /// <summary>A result as JSON.</summary>
    public static ReadOnlyMemory<byte> Write(AsyncResult result) => Written(writer => Write(writer, result, above: null, MostParents));

    /// <summary>The record of a saved group.</summary>
    public static ReadOnlyMemory<byte> WriteSaved(GroupResult group) => Written(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("result"u8);
        Write(writer, group, above: null, MostParents);
        writer.WriteEndObject();
    });

    /// <summary>The result that a tuple tells of.</summary>
    /// <exception cref="JsonException">It is no tuple of Celery's.</exception>
    public static AsyncResult Read(ReadOnlyMemory<byte> json, IResultStore results, TaskClient? client)
    {
        using var document = JsonDocument.Parse(json, s_reading);
        return Read(document.RootElement, results, client, above: null);
    }

    /// <summary>The results of a record's children; what is malformed is left out.</summary>
    public static IReadOnlyList<AsyncResult> ReadChildren(ReadOnlyMemory<byte> json, AsyncResult of)
    {
        try
        {
            using var document = JsonDocument.Parse(json, s_reading);
            return document.RootElement.ValueKind != JsonValueKind.Array ? []
                : [.. document.RootElement.EnumerateArray().Select(child => TryRead(child, of.Results, of.Client)).OfType<AsyncResult>()];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The group that a saved record tells of.</summary>
    /// <exception cref="JsonException">It is no saved group.</exception>
    public static GroupResult ReadSaved(ReadOnlyMemory<byte> json, TaskClient client)
    {
        using var document = JsonDocument.Parse(json, s_reading);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("result"u8, out var tuple) && Read(tuple, client.Results, client, above: null) is GroupResult group
            ? group
            : throw new JsonException("It has no 'result' that is [[id, parent], [member, …]].");
    }

    private static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, s_writing);
        write(writer);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter writer, AsyncResult result, AsyncResult? above, int depth)
    {
        writer.WriteStartArray();
        writer.WriteStartArray();
        writer.WriteStringValue(result.Id);
        if (result.Parent is { } parent && !ReferenceEquals(parent, above) && depth > 0)
        {
            Write(writer, parent, above, depth - 1);
        }
        else
        {
            writer.WriteNullValue();
        }
        writer.WriteEndArray();
        if (result.Group is { } group)
        {
            writer.WriteStartArray();
            foreach (var member in group.Members)
            {
                Write(writer, member, group.Parent ?? above, depth - 1);
            }
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteNullValue();
        }
        writer.WriteEndArray();
    }

    private static AsyncResult? TryRead(JsonElement tuple, IResultStore results, TaskClient? client)
    {
        try
        {
            return Read(tuple, results, client, above: null);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static AsyncResult Read(JsonElement tuple, IResultStore results, TaskClient? client, AsyncResult? above)
    {
        if (tuple.ValueKind != JsonValueKind.Array || tuple.GetArrayLength() != 2 || IdOf(tuple[0]) is not { Length: > 0 } id)
        {
            throw new JsonException($"'{Shown(tuple)}' is no result of Celery's: [[id, parent], null] or [[id, parent], [member, …]] was expected.");
        }
        var parent = tuple[0].ValueKind == JsonValueKind.Array && tuple[0].GetArrayLength() > 1 && tuple[0][1].ValueKind == JsonValueKind.Array ? Read(tuple[0][1], results, client, above) : above;
        return tuple[1].ValueKind == JsonValueKind.Array
            ? new GroupResult(id, results, client, [.. tuple[1].EnumerateArray().Select(member => Read(member, results, client, parent))]) { Parent = parent }
            : new AsyncResult(id, results) { Client = client, Parent = parent };
    }

    /// <summary>The first of a pair, or a text that stands alone, which Celery reads too.</summary>
    private static string? IdOf(JsonElement head) => head.ValueKind switch
    {
        JsonValueKind.String => head.GetString(),
        JsonValueKind.Array when head.GetArrayLength() > 0 && head[0].ValueKind == JsonValueKind.String => head[0].GetString(),
        _ => null,
    };

    private static string Shown(JsonElement tuple) => tuple.GetRawText() is { Length: > 100 } text ? $"{text[..100]}…" : tuple.GetRawText();
}
