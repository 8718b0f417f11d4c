using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Protocol;

/// <summary>One option of a signature: its name on the wire, and how its value is read and written.</summary>
internal sealed class SignatureOption
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(36_500);

    private SignatureOption(string name) => Name = name;

    public string Name { get; }

    /// <summary>Whether the options say anything.</summary>
    public required Func<SendOptions, bool> IsSet { get; init; }

    /// <summary>Writes the value, or null.</summary>
    public required Action<Utf8JsonWriter, SendOptions> WriteValue { get; init; }

    /// <summary>The options with the value; null where it is not of the kind expected.</summary>
    public required Func<SendOptions, JsonElement, SendOptions?> Read { get; init; }

    /// <summary>A moment, or seconds from the sending.</summary>
    public static SignatureOption Expires { get; } = new("expires")
    {
        IsSet = static options => options.Expires is not null || options.ExpiresIn is not null,
        WriteValue = static (writer, options) =>
        {
            if (options.Expires is { } moment)
            {
                writer.WriteStringValue(CeleryTime.Write(moment));
                return;
            }
            WriteSeconds(writer, options.ExpiresIn);
        },
        Read = static (options, value) => TimeOf(value) is { } moment ? options with { Expires = moment } : SecondsOf(value) is { } wait ? options with { ExpiresIn = wait } : null,
    };

    public static SignatureOption Headers { get; } = new("headers")
    {
        IsSet = static options => options.Headers is not null,
        WriteValue = static (writer, options) => Write(writer, options.Headers is { } headers ? HeaderValue.From(headers) : HeaderValue.Null),
        Read = static (options, value) => value.ValueKind == JsonValueKind.Object ? options with { Headers = ToHeader(value).AsMap() } : null,
    };

    public static SignatureOption Text(string name, Func<SendOptions, string?> get, Func<SendOptions, string, SendOptions> set) => new(name)
    {
        IsSet = options => get(options) is not null,
        WriteValue = (writer, options) => writer.WriteStringValue(get(options)),
        Read = (options, value) => value.ValueKind == JsonValueKind.String ? set(options, value.GetString()!) : null,
    };

    public static SignatureOption Whole(string name, Func<SendOptions, int?> get, Func<SendOptions, long, SendOptions?> set) => new(name)
    {
        IsSet = options => get(options) is not null,
        WriteValue = (writer, options) => Write(writer, get(options) is { } number ? number : HeaderValue.Null),
        Read = (options, value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? set(options, number) : null,
    };

    public static SignatureOption Flag(string name, Func<SendOptions, bool?> get, Func<SendOptions, bool, SendOptions> set) => new(name)
    {
        IsSet = options => get(options) is not null,
        WriteValue = (writer, options) => Write(writer, get(options) is { } flag ? flag : HeaderValue.Null),
        Read = (options, value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? set(options, value.GetBoolean()) : null,
    };

    public static SignatureOption Seconds(string name, Func<SendOptions, TimeSpan?> get, Func<SendOptions, TimeSpan, SendOptions> set) => new(name)
    {
        IsSet = options => get(options) is not null,
        WriteValue = (writer, options) => WriteSeconds(writer, get(options)),
        Read = (options, value) => SecondsOf(value) is { } time ? set(options, time) : null,
    };

    public static SignatureOption Time(string name, Func<SendOptions, DateTimeOffset?> get, Func<SendOptions, DateTimeOffset, SendOptions> set) => new(name)
    {
        IsSet = options => get(options) is not null,
        WriteValue = (writer, options) => writer.WriteStringValue(get(options) is { } time ? CeleryTime.Write(time) : null),
        Read = (options, value) => TimeOf(value) is { } time ? set(options, time) : null,
    };

    /// <summary>A header's value as JSON.</summary>
    public static void Write(Utf8JsonWriter writer, HeaderValue value)
    {
        switch (value.Kind)
        {
            case HeaderKind.Bool:
                writer.WriteBooleanValue(value.AsBool());
                break;
            case HeaderKind.Long:
                writer.WriteNumberValue(value.AsLong());
                break;
            case HeaderKind.Double when double.IsFinite(value.AsDouble()):
                writer.WriteNumberValue(value.AsDouble());
                break;
            case HeaderKind.Text:
                writer.WriteStringValue(value.AsText());
                break;
            case HeaderKind.Bytes:
                writer.WriteBase64StringValue(value.AsBytes());
                break;
            case HeaderKind.List:
                writer.WriteStartArray();
                foreach (var item in value.AsList())
                {
                    Write(writer, item);
                }
                writer.WriteEndArray();
                break;
            case HeaderKind.Map:
                writer.WriteStartObject();
                foreach (var item in value.AsMap())
                {
                    writer.WritePropertyName(item.Key);
                    Write(writer, item.Value);
                }
                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    /// <summary>JSON as a header's value.</summary>
    public static HeaderValue ToHeader(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => element.GetBoolean(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? HeaderValue.From(whole) : HeaderValue.From(element.GetDouble()),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Array => HeaderValue.From([.. element.EnumerateArray().Select(ToHeader)]),
        JsonValueKind.Object => HeaderValue.From(new MessageHeaders(element.EnumerateObject().DistinctBy(member => member.Name).Select(member => KeyValuePair.Create(member.Name, ToHeader(member.Value))))),
        _ => HeaderValue.Null,
    };

    private static void WriteSeconds(Utf8JsonWriter writer, TimeSpan? time)
    {
        if (time is not { } span)
        {
            writer.WriteNullValue();
        }
        else if (span.Ticks % TimeSpan.TicksPerSecond == 0)
        {
            writer.WriteNumberValue(span.Ticks / TimeSpan.TicksPerSecond);
        }
        else
        {
            writer.WriteNumberValue(span.TotalSeconds);
        }
    }

    private static TimeSpan? SecondsOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && Math.Abs(seconds) <= s_longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>A text, or the form in which Kombu writes times since 5.3.</summary>
    private static DateTimeOffset? TimeOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("__value__", out var inner))
        {
            value = inner;
        }
        return value.ValueKind == JsonValueKind.String && CeleryTime.TryParse(value.GetString(), out var time) ? time : null;
    }
}
