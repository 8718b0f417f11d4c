namespace Celeriac.Messaging;

/// <summary>A message on its way: where it goes and from when on it may be received.</summary>
/// <param name="Message">What is sent.</param>
/// <param name="Exchange">The exchange; the empty text is the default exchange, which routes to the queue named by the routing key.</param>
/// <param name="RoutingKey">The routing key; on the default exchange the queue's name.</param>
public readonly record struct Publication(Message Message, string Exchange, string RoutingKey)
{
    /// <summary>The moment from which the message may be received; null for at once. It waits in the broker, not in a worker.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>True makes a message that reaches no queue a failure (<see cref="UnroutableException"/>) instead of a silent loss.</summary>
    public bool Mandatory { get; init; }

    /// <summary>A publication to one queue through the default exchange, mandatory.</summary>
    public static Publication ToQueue(string queue, Message message) => new(message, "", queue) { Mandatory = true };
}
