namespace Celeriac;

/// <summary>Where tasks go, and how urgent they are. What is null is left to the next place that says it: the queue's own exchange and key, the default queue.</summary>
public sealed record TaskRoute
{
    /// <summary>The queue.</summary>
    public string? Queue { get; init; }
    /// <summary>An exchange instead of the queue's own.</summary>
    public string? Exchange { get; init; }
    /// <summary>The routing key, for an exchange that is not direct or is named in <see cref="Exchange"/>.</summary>
    public string? RoutingKey { get; init; }
    /// <summary>0–255, higher first on queues with a maximum priority.</summary>
    public byte? Priority { get; init; }
}
