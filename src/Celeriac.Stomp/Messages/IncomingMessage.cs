using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Messages;

/// <summary>What a MESSAGE frame says: ours, or a third party's that knows nothing of our headers.</summary>
/// <param name="Message">The message.</param>
/// <param name="Exchange">The exchange it was published to; empty for the default exchange.</param>
/// <param name="RoutingKey">The routing key; null where the frame does not say, which means the queue's name.</param>
/// <param name="Redelivered">It was handed out before.</param>
internal readonly record struct IncomingMessage(Message Message, string Exchange, string? RoutingKey, bool Redelivered)
{
    /// <summary>Never fails: what cannot be understood is left as the text it came as, for the consumer to refuse.</summary>
    /// <param name="frame">The MESSAGE frame.</param>
    /// <param name="readReplyTo">Turns the broker's form of a reply queue into its name.</param>
    internal static IncomingMessage Read(StompFrame frame, Func<string, string> readReplyTo)
    {
        var headers = frame.Headers;
        var redelivered = headers.Find("redelivered") == "true" || headers.Find(WireHeaders.Redelivered) == "true";
        var properties = SplitHeader.Read(headers, WireHeaders.Properties) is { } json ? HeaderJson.TryRead(json) : null;
        var message = new Message
        {
            Body = frame.Body,
            ContentType = properties?.TextOf(OutgoingMessage.ContentType) ?? headers.Find(WireHeaders.ContentType),
            ContentEncoding = properties?.TextOf(OutgoingMessage.ContentEncoding) ?? headers.Find(WireHeaders.ContentEncoding),
            CorrelationId = properties?.TextOf(OutgoingMessage.CorrelationId) ?? headers.Find(WireHeaders.CorrelationId),
            ReplyTo = properties is null ? headers.Find(WireHeaders.ReplyTo) is { } replyTo ? readReplyTo(replyTo) : null : properties.TextOf(OutgoingMessage.ReplyTo),
            MessageId = properties is null ? headers.Find("amqp-message-id") : properties.TextOf(OutgoingMessage.MessageId),
            Priority = properties is null ? PriorityOf(headers) : Number(properties[OutgoingMessage.Priority]) is { } priority ? (byte)Math.Clamp(priority, 0, 255) : null,
            Expiration = properties is not null && Number(properties[OutgoingMessage.Expiration]) is { } milliseconds ? Span(milliseconds) : null,
            Persistent = headers.Find(WireHeaders.Persistent) == "true",
            Headers = HeadersOf(headers),
        };
        return new IncomingMessage(message, properties?.TextOf(OutgoingMessage.Exchange) ?? "", properties?.TextOf(OutgoingMessage.RoutingKey), redelivered);
    }

    private static MessageHeaders HeadersOf(StompHeaders headers)
    {
        if (SplitHeader.Read(headers, WireHeaders.Headers) is { } json && HeaderJson.TryRead(json) is { } typed)
        {
            return typed;
        }
        var texts = new Dictionary<string, HeaderValue>(StringComparer.Ordinal);
        foreach (var (name, value) in headers)
        {
            // Of a repeated header the first counts (STOMP 1.2).
            if (name.Length > 0 && !WireHeaders.OfServer.Contains(name))
            {
                texts.TryAdd(name, value);
            }
        }
        return texts.Count == 0 ? MessageHeaders.Empty : new MessageHeaders(texts);
    }

    private static byte? PriorityOf(StompHeaders headers) =>
        byte.TryParse(headers.Find(WireHeaders.Priority), NumberStyles.None, CultureInfo.InvariantCulture, out var priority) ? priority : null;

    private static long? Number(HeaderValue value) => value.Kind == HeaderKind.Long ? value.AsLong() : null;

    private static TimeSpan Span(long milliseconds) => TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, (long)TimeSpan.MaxValue.TotalMilliseconds));
}
