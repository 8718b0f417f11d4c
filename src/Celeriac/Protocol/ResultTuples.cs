using System.Buffers;
using System.Text.Json;

namespace Celeriac.Protocol;

/// <summary>Result tuples (CELERY-PROTOCOL 12.4): <c>[[id, parent], null]</c>.</summary>
internal static class ResultTuples
{
    /// <summary>The children of a record as JSON.</summary>
    public static ReadOnlyMemory<byte> Encode(IReadOnlyList<string> ids)
    {
        var buffer = new ArrayBufferWriter<byte>(16 + (ids.Count * 50));
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        foreach (var id in ids)
        {
            writer.WriteStartArray();
            writer.WriteStartArray();
            writer.WriteStringValue(id);
            writer.WriteNullValue();
            writer.WriteEndArray();
            writer.WriteNullValue();
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The ids of a record's children; what is malformed is left out.</summary>
    public static IReadOnlyList<string> Ids(ReadOnlyMemory<byte>? children)
    {
        if (children is not { IsEmpty: false } json)
        {
            return [];
        }
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind != JsonValueKind.Array
                ? []
                : [.. document.RootElement.EnumerateArray().Select(IdOf).OfType<string>()];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static string? IdOf(JsonElement tuple) =>
        tuple.ValueKind == JsonValueKind.Array && tuple.GetArrayLength() == 2 && tuple[0] is { ValueKind: JsonValueKind.Array } head
        && head.GetArrayLength() > 0 && head[0].ValueKind == JsonValueKind.String
            ? head[0].GetString()
            : null;
}
