namespace Celeriac.Messaging;

/// <summary>How a delivery ends.</summary>
public enum Settlement
{
    /// <summary>Done: the message leaves the queue for good.</summary>
    Ack,
    /// <summary>Refused: the message goes to the queue's dead-letter exchange, or is dropped where it has none.</summary>
    Reject,
    /// <summary>Given back: the message returns to the queue and will be delivered again.</summary>
    Requeue,
}

/// <summary>What became of a <see cref="Completion"/>.</summary>
public enum CompletionStatus
{
    /// <summary>Follow-ups, document and settlement have taken effect.</summary>
    Applied,
    /// <summary>
    /// The delivery belongs to somebody else by now (its lease or connection was lost): nothing of the completion was settled,
    /// and on a store nothing at all was written. The message will be, or already was, delivered again. Where a broker's answer to an earlier try
    /// was lost with its connection, that try may have been applied.
    /// </summary>
    Lost,
}

/// <summary>
/// What ends a delivery: messages that follow from it, a document to keep, and the settlement. They travel together:
/// a store commits all or none; a broker gets the follow-ups confirmed before the acknowledgement, so that a crash repeats a step and never loses one.
/// AMQP sends a single small follow-up that is transient, not mandatory and straight to a queue in the same write as the acknowledgement and unconfirmed:
/// no confirmation would keep it over a restart of the broker.
/// </summary>
/// <param name="Delivery">What is settled.</param>
/// <param name="Settlement">How.</param>
public sealed record Completion(Delivery Delivery, Settlement Settlement)
{
    /// <summary>Messages to publish before the settlement.</summary>
    public IReadOnlyList<Publication> FollowUps { get; init; } = [];

    /// <summary>
    /// True where the work is still to be done: the answer comes when the server surely has the settlement, because the work may end this process. Others are answered when the
    /// settlement is on its way, where a lost connection brings the message back.
    /// </summary>
    public bool IsEarly { get; init; }

    /// <summary>A document to write before the settlement, on transports with <see cref="ITransport.Documents"/>; else it must be null.</summary>
    public Document? Document { get; init; }
}

/// <summary>A small document that a store keeps under a key, for example a task's result.</summary>
/// <param name="Key">Unique name.</param>
/// <param name="Content">The bytes. Not copied.</param>
public sealed record Document(string Key, ReadOnlyMemory<byte> Content)
{
    /// <summary>When the document may be deleted; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>A final document is never overwritten by a later one with the same key (Celery: no state replaces SUCCESS).</summary>
    public bool IsFinal { get; init; }
}
