namespace Celeriac.Messaging;

/// <summary>
/// An immutable message: a body, the properties that brokers know by name, and typed headers.
/// The names are AMQP 0-9-1's; other transports map them.
/// </summary>
public sealed record Message
{
    /// <summary>The body. It is not copied: the array behind it must not change after the message is made.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of the body, for example <c>application/json</c>. Celery requires it on every task message.</summary>
    public string? ContentType { get; init; }

    /// <summary>The character encoding of the body: <c>utf-8</c> or <c>binary</c>.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>The headers.</summary>
    public MessageHeaders Headers { get; init; } = MessageHeaders.Empty;

    /// <summary>Which request this message answers or belongs to. Celery puts the task id here.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The queue that an answer should go to.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The sender's own id of the message.</summary>
    public string? MessageId { get; init; }

    /// <summary>0–255, higher first; null where the sender said nothing. Queues without a maximum priority ignore it.
    /// To every broker null and 0 mean the same, and not every broker's client tells them apart on arrival.</summary>
    public byte? Priority { get; init; }

    /// <summary>How long the message may wait in a queue before the broker drops or dead-letters it; null for ever.</summary>
    public TimeSpan? Expiration { get; init; }

    /// <summary>False asks for a message that need not survive a broker restart. Stores keep it anyway.</summary>
    public bool Persistent { get; init; } = true;
}
