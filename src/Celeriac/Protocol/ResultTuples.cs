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
        WriteMembers(writer, ids);
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>A group as the result of a task that has sent it: <c>[[id, parent], [member, …]]</c>.</summary>
    public static ReadOnlyMemory<byte> Encode(string groupId, IReadOnlyList<string> ids)
    {
        var buffer = new ArrayBufferWriter<byte>(64 + (ids.Count * 50));
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        WriteHead(writer, groupId);
        WriteMembers(writer, ids);
        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteMembers(Utf8JsonWriter writer, IReadOnlyList<string> ids)
    {
        writer.WriteStartArray();
        foreach (var id in ids)
        {
            writer.WriteStartArray();
            WriteHead(writer, id);
            writer.WriteNullValue();
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
    }

    private static void WriteHead(Utf8JsonWriter writer, string id)
    {
        writer.WriteStartArray();
        writer.WriteStringValue(id);
        writer.WriteNullValue();
        writer.WriteEndArray();
    }
}
