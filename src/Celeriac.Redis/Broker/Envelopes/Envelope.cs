using System.Globalization;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Redis.Broker.Envelopes;

/// <summary>A message as it stands in a list, read.</summary>
/// <param name="Message">The message.</param>
/// <param name="Exchange">The exchange it was published to.</param>
/// <param name="RoutingKey">The routing key it was published with.</param>
internal sealed record Envelope(Message Message, string Exchange, string RoutingKey)
{
    /// <summary>The media type of an entry that is no message: its bytes are the body, so that whoever receives it can put it aside.</summary>
    public const string Unreadable = "application/x-celeriac-unreadable";

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 2 * HeaderCodec.MaximumDepth };

    /// <summary>True when it was handed out before.</summary>
    public bool Redelivered { get; private init; }

    /// <summary>How often a holder died with it.</summary>
    public int Deaths { get; private init; }

    /// <summary>Unix milliseconds from which it is expired; 0 for never.</summary>
    public long ExpiresAt { get; private init; }

    /// <summary>True on a channel where our own queues have got their copies already.</summary>
    public bool IsStored { get; private init; }

    /// <summary>Its own tag.</summary>
    public string Tag { get; private init; } = "";

    /// <summary>Reads an entry; what is no message becomes one of the type <see cref="Unreadable"/>.</summary>
    public static Envelope Read(ReadOnlyMemory<byte> raw)
    {
        try
        {
            using var document = JsonDocument.Parse(raw, s_options);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or FormatException or ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            return new Envelope(new Message { Body = raw, ContentType = Unreadable, ContentEncoding = "binary" }, "", "");
        }
    }

    private static Envelope Read(JsonElement root)
    {
        var properties = root.GetProperty("properties");
        var delivery = Child(properties, "delivery_info");
        var ours = Child(root, "celeriac");
        return new Envelope(MessageOf(root, properties), Text(delivery, "exchange") ?? "", Text(delivery, "routing_key") ?? "")
        {
            Redelivered = ours.ValueKind == JsonValueKind.Object || Child(delivery, "redelivered").ValueKind == JsonValueKind.True
                || Child(root, "redelivered").ValueKind == JsonValueKind.True,
            Deaths = (int)Math.Min(Number(ours, "deaths") ?? 0, int.MaxValue),
            ExpiresAt = Number(properties, "celeriac_expires_at") ?? 0,
            IsStored = Child(properties, "celeriac_stored").ValueKind == JsonValueKind.True,
            Tag = Text(properties, "delivery_tag") ?? "",
        };
    }

    private static Message MessageOf(JsonElement root, JsonElement properties) => new()
    {
        Body = BodyOf(Child(root, "body"), Text(properties, "body_encoding")),
        ContentType = Text(root, "content-type"),
        ContentEncoding = Text(root, "content-encoding"),
        Headers = JsonHeaders.Read(Child(root, "headers")),
        CorrelationId = Text(properties, "correlation_id"),
        ReplyTo = Text(properties, "reply_to"),
        MessageId = Text(properties, "message_id"),
        Priority = Number(properties, "priority") is { } priority ? (byte)Math.Clamp(priority, 0, 255) : null,
        Expiration = ExpirationOf(Child(properties, "expiration")),
        Persistent = Number(properties, "delivery_mode") != 1,
    };

    private static byte[] BodyOf(JsonElement body, string? encoding) => (body.ValueKind, encoding) switch
    {
        (JsonValueKind.String, "base64") => body.GetBytesFromBase64(),
        (JsonValueKind.String, null or "") => Encoding.UTF8.GetBytes(body.GetString()!),
        (JsonValueKind.Null or JsonValueKind.Undefined, _) => [],
        (JsonValueKind.String, _) => throw new FormatException($"The body's encoding is '{encoding}'."),
        _ => Encoding.UTF8.GetBytes(body.GetRawText()),
    };

    private static TimeSpan? ExpirationOf(JsonElement expiration)
    {
        var text = expiration.ValueKind == JsonValueKind.String ? expiration.GetString() : expiration.ValueKind == JsonValueKind.Number ? expiration.GetRawText() : null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds is >= 0 and < 1e14
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }

    private static JsonElement Child(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var child) ? child : default;

    private static string? Text(JsonElement parent, string name) => Child(parent, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static long? Number(JsonElement parent, string name) =>
        Child(parent, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) ? (long)Math.Clamp(value, -1e15, 1e15) : null;
}
