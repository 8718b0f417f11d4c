using Celeriac.Serialization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Events;

/// <summary>
/// Events from messages: one object or an array of them, as any node may have sent them. What is malformed is counted and left out; nothing throws.
/// </summary>
internal sealed class EventDecoder(LogicalClock clock, TimeProvider time)
{
    private const int LargestBody = 16 << 20;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = TaskJson.MaximumDepth };
    private long _malformed;

    /// <summary>How many events or messages could not be read.</summary>
    public long Malformed => Interlocked.Read(ref _malformed);

    /// <summary>The events of a message, in their order.</summary>
    public IReadOnlyList<CeleryEvent> Decode(Message message)
    {
        var events = new List<CeleryEvent>(1);
        // The content type is not asked: whatever is no JSON is malformed.
        if (message.Body.Length > LargestBody || Parse(message.Body) is not { } body)
        {
            Interlocked.Increment(ref _malformed);
            return events;
        }
        if (body.ValueKind != JsonValueKind.Array)
        {
            Add(events, body);
            return events;
        }
        foreach (var element in body.EnumerateArray())
        {
            Add(events, element);
        }
        return events;
    }

    /// <summary>The text of a value, or null where it is none. Python may write half a surrogate pair, which becomes U+FFFD.</summary>
    public static string? TextOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return null;
        }
        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(value));
        reader.Read();
        return JsonText.Read(ref reader);
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonElement.Parse(body.Span, s_options);
        }
        catch (JsonException)
        {
            return PythonJson.TryQuoteNonFinite(body.Span, out var standard) ? ParseStandard(standard) : null;
        }
    }

    private static JsonElement? ParseStandard(byte[] json)
    {
        try
        {
            return JsonElement.Parse(json, s_options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Add(List<CeleryEvent> events, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object && FieldsOf(element) is { } fields
            && fields.TryGetValue("type", out var typeValue) && TextOf(typeValue) is { Length: > 0 } type)
        {
            events.Add(Read(type, fields));
        }
        else
        {
            Interlocked.Increment(ref _malformed);
        }
    }

    private CeleryEvent Read(string type, Dictionary<string, JsonElement> fields)
    {
        var now = time.GetUtcNow();
        return new CeleryEvent(type, fields)
        {
            ReceivedAt = now,
            Timestamp = TimestampOf(fields) ?? now,
            Clock = ClockOf(type, fields),
        };
    }

    /// <summary>Jumps over the sender's clock. A client that only sends never hears of the others', so that its clock says nothing.</summary>
    private long ClockOf(string type, Dictionary<string, JsonElement> fields)
    {
        if (type == EventTypes.TaskSent || !fields.TryGetValue("clock", out var value) || value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var sent))
        {
            return clock.Forward();
        }
        clock.Adjust(sent);
        return sent;
    }

    // The number is true Unix time; Celery's own monitors shift it by the difference of the zones to show the sender's wall clock, which here is the offset's part.
    private static DateTimeOffset? TimestampOf(Dictionary<string, JsonElement> fields)
    {
        if (!fields.TryGetValue("timestamp", out var value) || value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds) || seconds is not (>= 0 and < 250_000_000_000))
        {
            return null;
        }
        // Rounded to microseconds as Python does, fraction and whole apart: together they have more digits than a double.
        var whole = Math.Floor(seconds);
        var moment = DateTimeOffset.UnixEpoch.AddTicks(((long)whole * TimeSpan.TicksPerSecond) + ((long)Math.Round((seconds - whole) * 1_000_000) * TimeSpan.TicksPerMicrosecond));
        var west = fields.TryGetValue("utcoffset", out var zone) && zone.ValueKind == JsonValueKind.Number && zone.TryGetDouble(out var hours) && hours is >= -14 and <= 14 ? (int)hours : 0;
        return moment.Year is > 1 and < 9999 ? moment.ToOffset(TimeSpan.FromHours(-west)) : moment;
    }

    private static Dictionary<string, JsonElement>? FieldsOf(JsonElement element)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        try
        {
            foreach (var property in element.EnumerateObject())
            {
                fields[property.Name] = property.Value;
            }
            return fields;
        }
        catch (InvalidOperationException)
        {
            // A field's name is no text.
            return null;
        }
    }
}
