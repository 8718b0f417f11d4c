using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Messages;

/// <summary>
/// Typed headers as one ASCII line of JSON, because STOMP's own headers are text only and brokers read many of their names as commands.
/// What JSON has no form for travels as Kombu writes it: <c>{"__type__": …, "__value__": …}</c>.
/// </summary>
internal static class HeaderJson
{
    private const int MaximumDepth = HeaderCodec.MaximumDepth;
    private const string TypeKey = "__type__";
    private const string ValueKey = "__value__";

    /// <summary>The JSON object, in ASCII.</summary>
    /// <exception cref="ArgumentException">Values nest too deep.</exception>
    internal static string Write(MessageHeaders headers)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = 3 * MaximumDepth }))
        {
            WriteMap(writer, headers, 0);
        }
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="Write"/> wrote, or any JSON object; null where the text is none, so that its caller can show it as it came.</summary>
    internal static MessageHeaders? TryRead(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 3 * MaximumDepth });
            return document.RootElement.ValueKind == JsonValueKind.Object ? ReadMap(document.RootElement) : null;
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static void WriteMap(Utf8JsonWriter writer, MessageHeaders map, int depth)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in map)
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value, depth);
        }
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, HeaderValue value, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new ArgumentException($"Header values nest deeper than {MaximumDepth} levels. Put such data into the body.");
        }
        switch (value.Kind)
        {
            case HeaderKind.Null:
                writer.WriteNullValue();
                break;
            case HeaderKind.Bool:
                writer.WriteBooleanValue(value.AsBool());
                break;
            case HeaderKind.Long:
                writer.WriteNumberValue(value.AsLong());
                break;
            case HeaderKind.Double:
                WriteDouble(writer, value.AsDouble());
                break;
            case HeaderKind.Text:
                writer.WriteStringValue(value.AsText());
                break;
            case HeaderKind.Bytes:
                WriteTyped(writer, "base64", () => writer.WriteBase64StringValue(value.AsBytes()));
                break;
            case HeaderKind.List:
                writer.WriteStartArray();
                foreach (var item in value.AsList())
                {
                    WriteValue(writer, item, depth + 1);
                }
                writer.WriteEndArray();
                break;
            case HeaderKind.Map when IsEnvelope(value.AsMap()):
                WriteTyped(writer, "map", () => WriteMap(writer, value.AsMap(), depth + 1));
                break;
            case HeaderKind.Map:
                WriteMap(writer, value.AsMap(), depth + 1);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.Kind, "Not a kind of header.");
        }
    }

    // The point, or the exponent, is what tells a reader that it is no integer.
    private static void WriteDouble(Utf8JsonWriter writer, double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
        {
            WriteTyped(writer, "double", () => writer.WriteStringValue(text));
            return;
        }
        writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
    }

    private static void WriteTyped(Utf8JsonWriter writer, string type, Action writeValue)
    {
        writer.WriteStartObject();
        writer.WriteString(TypeKey, type);
        writer.WritePropertyName(ValueKey);
        writeValue();
        writer.WriteEndObject();
    }

    private static bool IsEnvelope(MessageHeaders map) => map.Count == 2 && map.Contains(TypeKey) && map.Contains(ValueKey);

    private static MessageHeaders ReadMap(JsonElement map)
    {
        // Of a name given twice the last counts, as in every JSON reader that Celery meets.
        var items = new Dictionary<string, HeaderValue>(StringComparer.Ordinal);
        foreach (var property in map.EnumerateObject().Where(property => property.Name.Length > 0))
        {
            items[property.Name] = ReadValue(property.Value);
        }
        return new MessageHeaders(items);
    }

    private static HeaderValue ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => ReadNumber(value),
        JsonValueKind.Array => HeaderValue.From([.. value.EnumerateArray().Select(ReadValue)]),
        JsonValueKind.Object => ReadObject(value),
        _ => HeaderValue.Null,
    };

    private static HeaderValue ReadNumber(JsonElement value) =>
        value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 && value.TryGetInt64(out var whole) ? HeaderValue.From(whole) : value.GetDouble();

    private static HeaderValue ReadObject(JsonElement value)
    {
        if (value.GetPropertyCount() == 2 && value.TryGetProperty(TypeKey, out var type) && type.ValueKind == JsonValueKind.String
            && value.TryGetProperty(ValueKey, out var inner))
        {
            switch (type.GetString(), inner.ValueKind)
            {
                case ("base64", JsonValueKind.String):
                    return inner.GetBytesFromBase64();
                case ("double", JsonValueKind.String):
                    return double.Parse(inner.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture);
                case ("map", JsonValueKind.Object):
                    return HeaderValue.From(ReadMap(inner));
            }
        }
        return HeaderValue.From(ReadMap(value));
    }
}
