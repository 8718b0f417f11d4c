using System.Globalization;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Redis.Broker.Envelopes;

/// <summary>
/// Typed headers as JSON. A double is written with a point or an exponent, so that it stays one. What JSON does not have, bytes and the numbers that are none,
/// is an object of the two members <c>__celeriac__</c> and <c>value</c>.
/// </summary>
internal static class JsonHeaders
{
    private const string Mark = "__celeriac__";

    public static void Write(Utf8JsonWriter json, MessageHeaders headers) => WriteMap(json, headers, 0);

    /// <exception cref="FormatException">It is no object, or nests too deep.</exception>
    /// <exception cref="ArgumentException">A name is empty or occurs twice.</exception>
    public static MessageHeaders Read(JsonElement headers) => headers.ValueKind switch
    {
        JsonValueKind.Object => new MessageHeaders(headers.EnumerateObject().Select(item => KeyValuePair.Create(item.Name, ReadValue(item.Value)))),
        JsonValueKind.Null or JsonValueKind.Undefined => MessageHeaders.Empty,
        _ => throw new FormatException("The headers are no object."),
    };

    private static void WriteMap(Utf8JsonWriter json, MessageHeaders map, int depth)
    {
        json.WriteStartObject();
        foreach (var (name, value) in map)
        {
            json.WritePropertyName(name);
            WriteValue(json, value, depth);
        }
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, HeaderValue value, int depth)
    {
        if (depth > HeaderCodec.MaximumDepth)
        {
            throw new TransportRefusedException($"Header values nest deeper than {HeaderCodec.MaximumDepth} levels. Put such data into the body.");
        }
        switch (value.Kind)
        {
            case HeaderKind.Bool:
                json.WriteBooleanValue(value.AsBool());
                break;
            case HeaderKind.Long:
                json.WriteNumberValue(value.AsLong());
                break;
            case HeaderKind.Double:
                WriteDouble(json, value.AsDouble());
                break;
            case HeaderKind.Text:
                json.WriteStringValue(value.AsText());
                break;
            case HeaderKind.Bytes:
                WriteMarked(json, "bytes", Convert.ToBase64String(value.AsBytes()));
                break;
            case HeaderKind.List:
                json.WriteStartArray();
                foreach (var item in value.AsList())
                {
                    WriteValue(json, item, depth + 1);
                }
                json.WriteEndArray();
                break;
            case HeaderKind.Map:
                WriteMap(json, value.AsMap(), depth + 1);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }

    private static void WriteDouble(Utf8JsonWriter json, double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
        {
            WriteMarked(json, "double", text);
            return;
        }
        json.WriteRawValue(text.AsSpan().ContainsAny('.', 'E') ? text : $"{text}.0");
    }

    private static void WriteMarked(Utf8JsonWriter json, string kind, string value)
    {
        json.WriteStartObject();
        json.WriteString(Mark, kind);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static HeaderValue ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => ReadNumber(value),
        JsonValueKind.Array => HeaderValue.From([.. value.EnumerateArray().Select(ReadValue)]),
        JsonValueKind.Object when value.TryGetProperty(Mark, out var kind) => ReadMarked(kind.GetString(), value.GetProperty("value").GetString() ?? ""),
        JsonValueKind.Object => HeaderValue.From(Read(value)),
        _ => HeaderValue.Null,
    };

    private static HeaderValue ReadNumber(JsonElement value)
    {
        var isWhole = value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;
        return isWhole && value.TryGetInt64(out var whole) ? HeaderValue.From(whole) : value.GetDouble();
    }

    private static HeaderValue ReadMarked(string? kind, string value) => kind switch
    {
        "bytes" => Convert.FromBase64String(value),
        "double" => double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture),
        _ => throw new FormatException("A header is of a kind that only a newer version writes."),
    };
}
