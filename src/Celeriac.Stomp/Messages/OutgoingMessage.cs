using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Messages;

/// <summary>
/// A message as the headers of a SEND frame. A header of the user is never a header of the frame: to a broker <c>AMQ_SCHEDULED_CRON</c>,
/// <c>expires</c> or <c>JMSXGroupID</c> are commands, and an empty <c>expires</c> makes ActiveMQ drop the connection.
/// </summary>
internal static class OutgoingMessage
{
    internal const string Exchange = "exchange";
    internal const string RoutingKey = "routing_key";
    internal const string ReplyTo = "reply_to";
    internal const string CorrelationId = "correlation_id";
    internal const string MessageId = "message_id";
    internal const string Priority = "priority";
    internal const string Expiration = "expiration";
    internal const string ContentType = "content_type";
    internal const string ContentEncoding = "content_encoding";

    /// <summary>The headers that every broker gets alike; destination, priority, expiry and delay are the broker's.</summary>
    /// <exception cref="TransportRefusedException">The headers nest too deep or are too long.</exception>
    internal static List<KeyValuePair<string, string>> Headers(Message message, string exchange, string routingKey, string queue)
    {
        var headers = new List<KeyValuePair<string, string>>(8) { new(WireHeaders.Persistent, message.Persistent ? "true" : "false") };
        var properties = new List<KeyValuePair<string, HeaderValue>>();
        Add(headers, properties, WireHeaders.ContentType, ContentType, message.ContentType);
        Add(headers, properties, WireHeaders.ContentEncoding, ContentEncoding, message.ContentEncoding);
        Add(headers, properties, WireHeaders.CorrelationId, CorrelationId, message.CorrelationId);
        AddProperty(properties, MessageId, message.MessageId);
        AddProperty(properties, ReplyTo, message.ReplyTo);
        if (message.Priority is { } priority)
        {
            properties.Add(new(Priority, (long)priority));
        }
        if (message.Expiration is { } expiration)
        {
            properties.Add(new(Expiration, (long)expiration.TotalMilliseconds));
        }
        if (exchange.Length > 0 || routingKey != queue)
        {
            properties.Add(new(Exchange, exchange));
            properties.Add(new(RoutingKey, routingKey));
        }
        SplitHeader.Write(headers, WireHeaders.Properties, Json(new MessageHeaders(properties)), queue);
        if (message.Headers.Count > 0)
        {
            SplitHeader.Write(headers, WireHeaders.Headers, Json(message.Headers), queue);
        }
        return headers;
    }

    /// <summary>
    /// The headers for a queue that consumers of other protocols share (RabbitMQ): each header of the message is a header of the frame, as text.
    /// </summary>
    /// <exception cref="TransportRefusedException">A header is not text: it would arrive as text, and a Python worker dies of a <c>timelimit</c> that is text.</exception>
    internal static List<KeyValuePair<string, string>> PlainHeaders(Message message, string queue)
    {
        var headers = new List<KeyValuePair<string, string>>(8) { new(WireHeaders.Persistent, message.Persistent ? "true" : "false") };
        AddPlain(headers, WireHeaders.ContentType, message.ContentType);
        AddPlain(headers, WireHeaders.ContentEncoding, message.ContentEncoding);
        AddPlain(headers, WireHeaders.CorrelationId, message.CorrelationId);
        AddPlain(headers, "amqp-message-id", message.MessageId);
        AddPlain(headers, WireHeaders.ReplyTo, message.ReplyTo);
        foreach (var (name, value) in message.Headers)
        {
            if (value.Kind != HeaderKind.Text || WireHeaders.OfServer.Contains(name))
            {
                throw new TransportRefusedException(
                    $"Header '{name}' of the message for queue '{queue}' is {(value.Kind == HeaderKind.Text ? "a name that STOMP keeps for itself" : $"{value.Kind}, not text")}: "
                    + "with headers=text every header travels as a text header of the frame, so that AMQP consumers can read it. Use amqp:// for such messages, or headers=json where only STOMP consumers read the queue.");
            }
            headers.Add(new(name, value.AsText()));
        }
        return headers;
    }

    // A frame header where it is plain, so that any STOMP client can read it; what escaping could hurt on some broker goes into the JSON.
    private static void Add(List<KeyValuePair<string, string>> headers, List<KeyValuePair<string, HeaderValue>> properties, string header, string property, string? value)
    {
        if (value is { Length: > 0 and <= 1000 } && value.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 && value[0] != ' ' && value[^1] != ' ')
        {
            headers.Add(new(header, value));
        }
        else
        {
            AddProperty(properties, property, value);
        }
    }

    private static void AddProperty(List<KeyValuePair<string, HeaderValue>> properties, string name, string? value)
    {
        if (value is not null)
        {
            properties.Add(new(name, value));
        }
    }

    private static void AddPlain(List<KeyValuePair<string, string>> headers, string name, string? value)
    {
        if (value is not null)
        {
            headers.Add(new(name, value));
        }
    }

    private static string Json(MessageHeaders headers)
    {
        try
        {
            return HeaderJson.Write(headers);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            throw new TransportRefusedException($"The message's headers cannot be written: {error.Message}", error);
        }
    }

    /// <summary>Milliseconds since 1970, as ActiveMQ wants them.</summary>
    internal static string Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
