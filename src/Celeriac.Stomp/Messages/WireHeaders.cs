namespace Celeriac.Stomp.Messages;

/// <summary>The names of frame headers that this transport writes and reads.</summary>
internal static class WireHeaders
{
    /// <summary>The message's own headers as one JSON object; where it is long, in parts <c>celery-headers-1</c>, <c>-2</c>, … to be joined.</summary>
    public const string Headers = "celery-headers";

    /// <summary>What the frame's own headers cannot say of a message, as a JSON object: exchange and routing key, ids, the priority as it was given.</summary>
    public const string Properties = "celery-properties";

    /// <summary><c>true</c> on a message that was handed out before and is sent back to its queue.</summary>
    public const string Redelivered = "celery-redelivered";

    public const string Destination = "destination";
    public const string ContentType = "content-type";
    public const string ContentEncoding = "content-encoding";
    public const string CorrelationId = "correlation-id";
    public const string ReplyTo = "reply-to";
    public const string Persistent = "persistent";
    public const string Priority = "priority";

    /// <summary>ActiveMQ: milliseconds since 1970, 0 for never.</summary>
    public const string Expires = "expires";

    /// <summary>RabbitMQ: milliseconds from now.</summary>
    public const string Expiration = "expiration";

    /// <summary>Headers of a MESSAGE that the server adds, or that mean something to it: never a third party's own.</summary>
    public static readonly HashSet<string> OfServer = new(StringComparer.Ordinal)
    {
        Destination, ContentType, ContentEncoding, CorrelationId, ReplyTo, Persistent, Priority, Expires, Expiration, Redelivered, Properties,
        "content-length", "message-id", "subscription", "ack", "redelivered", "timestamp", "receipt", "transaction", "scheduledJobId", "type",
        "amqp-message-id", "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "originalExpiration", "browser",
    };
}
