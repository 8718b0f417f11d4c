namespace Celeriac.Messaging;

/// <summary>What is special about one message that a <see cref="Publisher"/> sends. What is null stays as the message has it.</summary>
public sealed record MessageOptions
{
    /// <summary>The exchange; null for the publisher's.</summary>
    public string? Exchange { get; init; }

    /// <summary>Headers to add; a header of the message with the same name is replaced.</summary>
    public MessageHeaders? Headers { get; init; }

    /// <summary>0–255, higher first, in queues with a maximum priority.</summary>
    public byte? Priority { get; init; }

    /// <summary>How long the broker keeps the message before it can be received; zero and less is at once. Not together with <see cref="Due"/>.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The moment from which the message can be received. Not together with <see cref="Delay"/>.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>How long the message may wait in a queue before the broker drops or dead-letters it.</summary>
    public TimeSpan? Expiration { get; init; }

    /// <summary>The compression, for example <c>zlib</c> or <c>brotli</c>; null for the publisher's.</summary>
    public string? Compression { get; init; }

    /// <summary>
    /// True makes a message that reaches no queue a failure (<see cref="UnroutableException"/>) instead of a silent loss.
    /// Null is true on the default exchange and false on others.
    /// </summary>
    public bool? Mandatory { get; init; }

    /// <summary>Which request the message answers or belongs to.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The queue that an answer should go to.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The sender's own id of the message.</summary>
    public string? MessageId { get; init; }

    internal Message Apply(Message message) => message with
    {
        Headers = Merge(message.Headers, Headers),
        Priority = Priority ?? message.Priority,
        Expiration = Expiration ?? message.Expiration,
        CorrelationId = CorrelationId ?? message.CorrelationId,
        ReplyTo = ReplyTo ?? message.ReplyTo,
        MessageId = MessageId ?? message.MessageId,
    };

    internal DateTimeOffset? DueAt(TimeProvider time)
    {
        if (Delay is not { } delay)
        {
            return Due;
        }
        if (Due is not null)
        {
            throw new ArgumentException($"The message has both a delay ('{Delay}') and a due time ('{Due:O}'). Give one of them.");
        }
        var now = time.GetUtcNow();
        // A delay beyond the calendar becomes its last moment, so that the transport can answer with the longest delay it has.
        return delay <= TimeSpan.Zero ? null : delay < DateTimeOffset.MaxValue - now ? now + delay : DateTimeOffset.MaxValue;
    }

    private static MessageHeaders Merge(MessageHeaders message, MessageHeaders? added)
    {
        if (added is null || added.Count == 0)
        {
            return message;
        }
        return message.Count == 0 ? added : new MessageHeaders(message.Where(header => !added.Contains(header.Key)).Concat(added));
    }
}
