namespace Celeriac.Messaging;

/// <summary>What to receive.</summary>
/// <param name="Queues">The queues, served in turn.</param>
/// <param name="Prefetch">How many deliveries may be handed out or on their way and not yet settled; at least 1.</param>
public sealed record SubscriptionOptions(IReadOnlyList<string> Queues, int Prefetch = 1)
{
    /// <summary>The consumer's name, for the broker's own lists and for <c>status</c>; for a worker its node name.</summary>
    public string? ConsumerName { get; init; }

    /// <summary>
    /// Called when the broker has taken back all that it had handed out with one <see cref="DeliveryClaim.Generation"/>, because something stayed unsettled for too
    /// long; with that generation and the broker's words. Called before any of it can be received again. Must return at once. Default null.
    /// </summary>
    public Action<long, string>? TakenBack { get; init; }
}

/// <summary>
/// A stream of deliveries that the consumer pulls. A broker that pushes fills a channel inside, bounded by its own prefetch.
/// </summary>
public interface ISubscription : IAsyncDisposable
{
    /// <summary>How long a delivery may stay unsettled before the broker takes it back; null where it has all the time, or nobody knows.</summary>
    TimeSpan? SettleWithin => null;

    /// <summary>
    /// Waits for the next delivery; null once the subscription was cancelled and is drained.
    /// The token ends the wait and never loses a delivery.
    /// </summary>
    /// <exception cref="TransportException">The broker is away at the moment; call again.</exception>
    /// <exception cref="TransportRefusedException">A queue was deleted; declare it and subscribe anew.</exception>
    ValueTask<Delivery?> ReceiveAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Stops receiving: what was fetched and not yet received goes back to its queue untouched, and <see cref="ReceiveAsync"/> answers null.
    /// Deliveries already received can still be settled until the subscription is disposed.
    /// </summary>
    ValueTask CancelAsync(CancellationToken cancellationToken = default);

    // DisposeAsync: cancels, and gives back every delivery that was not settled.
}
