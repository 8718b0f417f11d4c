using System.Buffers;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Serialization;

namespace Celeriac.Protocol;

/// <summary>Stamps in a result record: <c>stamped_headers</c> names them, and each is a member of the record's own.</summary>
internal static class ResultStamps
{
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = TaskJson.MaximumDepth + 2 };

    // A stamp may have any name. One that would take the place of a member of Celery's is left out: the record counts more.
    private static bool IsMember(string name) => name is "status" or "result" or "traceback" or "children" or "date_done" or "group_id" or "parent_id"
        or "name" or "args" or "kwargs" or "worker" or "retries" or "queue" or "stamped_headers" or "task_id";

    /// <summary>The stamps of a message's headers.</summary>
    public static (IReadOnlyList<string> Names, ReadOnlyMemory<byte> Stamps) Of(HeaderValue names, HeaderValue stamps)
    {
        if (names.Kind != HeaderKind.List || stamps.Kind != HeaderKind.Map)
        {
            return ([], default);
        }
        var map = stamps.AsMap();
        var stamped = names.AsList().Where(name => name.Kind == HeaderKind.Text).Select(name => name.AsText()).Where(name => map.Contains(name) && !IsMember(name)).Distinct(StringComparer.Ordinal).ToList();
        return stamped.Count == 0 ? ([], default) : (stamped, ObjectOf(writer => stamped.ForEach(name => Write(writer, name, map[name]))));
    }

    public static void Write(Utf8JsonWriter writer, ResultRecord record)
    {
        if (record.StampedHeaders.Count == 0)
        {
            return;
        }
        writer.WriteStartArray("stamped_headers"u8);
        foreach (var name in record.StampedHeaders)
        {
            writer.WriteStringValue(name);
        }
        writer.WriteEndArray();
        if (record.Stamps.IsEmpty)
        {
            return;
        }
        using var stamps = JsonDocument.Parse(record.Stamps, s_options);
        foreach (var stamp in stamps.RootElement.EnumerateObject().Where(stamp => record.StampedHeaders.Contains(stamp.Name) && !IsMember(stamp.Name)))
        {
            stamp.WriteTo(writer);
        }
    }

    /// <summary>The names in a record's <c>stamped_headers</c>; what is malformed is left out.</summary>
    public static IReadOnlyList<string> Names(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return [];
        }
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = TaskJson.MaximumDepth + 2 });
        var names = new List<string>();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return [];
        }
        while (reader.Read())
        {
            if (reader is { TokenType: JsonTokenType.String, CurrentDepth: 1 })
            {
                names.Add(JsonText.Read(ref reader));
            }
        }
        return names.Count == 0 ? [] : names;
    }

    /// <summary>The object of those members of a record that are stamps.</summary>
    public static ReadOnlyMemory<byte> Join(IReadOnlyList<string> names, List<(string Name, ReadOnlyMemory<byte> Json)>? members)
    {
        if (names.Count == 0 || members is null)
        {
            return default;
        }
        var stamped = names.ToHashSet(StringComparer.Ordinal);
        var stamps = members.Where(member => stamped.Remove(member.Name)).ToList();
        return stamps.Count == 0 ? default : ObjectOf(writer =>
        {
            foreach (var (name, json) in stamps)
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(json.Span, skipInputValidation: true);
            }
        });
    }

    private static ReadOnlyMemory<byte> ObjectOf(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, JsonText.WriterOptions);
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter writer, string name, HeaderValue value)
    {
        writer.WritePropertyName(name);
        WriteValue(writer, value);
    }

    private static void WriteValue(Utf8JsonWriter writer, HeaderValue value)
    {
        switch (value.Kind)
        {
            case HeaderKind.Bool: writer.WriteBooleanValue(value.AsBool()); break;
            case HeaderKind.Long: writer.WriteNumberValue(value.AsLong()); break;
            case HeaderKind.Double when double.IsFinite(value.AsDouble()): writer.WriteNumberValue(value.AsDouble()); break;
            case HeaderKind.List:
                writer.WriteStartArray();
                foreach (var item in value.AsList())
                {
                    WriteValue(writer, item);
                }
                writer.WriteEndArray();
                break;
            case HeaderKind.Map:
                writer.WriteStartObject();
                foreach (var (name, item) in value.AsMap())
                {
                    Write(writer, name, item);
                }
                writer.WriteEndObject();
                break;
            case HeaderKind.Text: writer.WriteStringValue(value.AsText()); break;
            case HeaderKind.Null: writer.WriteNullValue(); break;
            default: writer.WriteStringValue(value.ToString()); break;
        }
    }
}
