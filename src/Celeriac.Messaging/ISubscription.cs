namespace Celeriac.Messaging;

/// <summary>What to receive.</summary>
/// <param name="Queues">The queues, served in turn.</param>
/// <param name="Prefetch">How many deliveries may be handed out or on their way and not yet settled; at least 1.</param>
public sealed record SubscriptionOptions(IReadOnlyList<string> Queues, int Prefetch = 1)
{
    /// <summary>The consumer's name, for the broker's own lists and for <c>status</c>; for a worker its node name.</summary>
    public string? ConsumerName { get; init; }
}

/// <summary>
/// A stream of deliveries that the consumer pulls. A broker that pushes fills a channel inside, bounded by its own prefetch.
/// </summary>
public interface ISubscription : IAsyncDisposable
{
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
