using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Redis.Broker.Envelopes;

/// <summary>Writes a message as Kombu's virtual transports do: one JSON object, its body in base64.</summary>
internal static class EnvelopeWriter
{
    /// <summary>The bytes of one copy of a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="exchange">The exchange it was published to.</param>
    /// <param name="routingKey">The routing key it was published with.</param>
    /// <param name="expiresAt">Unix milliseconds from which it is expired; 0 for never.</param>
    /// <param name="isStored">True on a channel, where our own queues have got their copies already.</param>
    /// <exception cref="TransportRefusedException">A header nests too deep.</exception>
    public static byte[] Write(Message message, string exchange, string routingKey, long expiresAt, bool isStored)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + (message.Body.Length / 3 * 4));
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteBase64String("body", message.Body.Span);
            WriteText(json, "content-encoding", message.ContentEncoding);
            WriteText(json, "content-type", message.ContentType);
            json.WritePropertyName("headers");
            JsonHeaders.Write(json, message.Headers);
            json.WriteStartObject("properties");
            WriteProperties(json, message, expiresAt, isStored);
            json.WriteStartObject("delivery_info");
            json.WriteString("exchange", exchange);
            json.WriteString("routing_key", routingKey);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteProperties(Utf8JsonWriter json, Message message, long expiresAt, bool isStored)
    {
        WriteIfThere(json, "correlation_id", message.CorrelationId);
        WriteIfThere(json, "reply_to", message.ReplyTo);
        WriteIfThere(json, "message_id", message.MessageId);
        if (message.Expiration is { } expiration)
        {
            json.WriteString("expiration", ((long)expiration.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }
        if (expiresAt > 0)
        {
            json.WriteNumber("celeriac_expires_at", expiresAt);
        }
        if (isStored)
        {
            json.WriteBoolean("celeriac_stored", true);
        }
        json.WriteNumber("delivery_mode", message.Persistent ? 2 : 1);
        json.WriteNumber("priority", message.Priority ?? 0);
        json.WriteString("body_encoding", "base64");
        json.WriteString("delivery_tag", Guid.NewGuid());
    }

    private static void WriteIfThere(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteString(name, value);
    }
}
