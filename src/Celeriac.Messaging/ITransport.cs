namespace Celeriac.Messaging;

/// <summary>
/// A connection to a messaging system: where messages go and come from. Every member is safe to call from many threads.
/// Implementations are accepted by the suite in <c>Celeriac.Conformance</c>.
/// </summary>
public interface ITransport : IAsyncDisposable
{
    /// <summary>The broker's URL without its password, for logs and errors.</summary>
    string Name { get; }

    /// <summary>What this messaging system can and cannot do.</summary>
    TransportCapabilities Capabilities { get; }

    /// <summary>Whether the messaging system can be reached at the moment, for health checks. Reading it does nothing.</summary>
    TransportHealth Health { get; }

    /// <summary>The documents that commit together with settlements; null where the messaging system cannot store.</summary>
    IDocumentStore? Documents { get; }

    /// <summary>The shared state that lies beside the messages; null, the default, where the messaging system cannot keep any.</summary>
    IStateStore? State => null;

    /// <summary>
    /// Connects: tries each server of the URL once. Calling it again does nothing; the other members connect by themselves.
    /// A connection that is lost later is made again in the background, and with it declarations and subscriptions.
    /// </summary>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    ValueTask ConnectAsync(CancellationToken cancellationToken = default);

    /// <summary>Declares exchanges, queues and bindings; what exists alike is left as it is.</summary>
    /// <exception cref="TransportRefusedException">Something exists with other properties, or the transport lacks a capability that is asked for.</exception>
    ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default);

    /// <summary>Removes a binding. An absent one is no error.</summary>
    ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default);

    /// <summary>Deletes a queue with its messages and bindings; answers whether it was there.</summary>
    ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default);

    /// <summary>Deletes an exchange with its bindings; answers whether it was there.</summary>
    ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default);

    /// <summary>Drops the messages that are ready, and with <see cref="TransportCapabilities.SeesDelayed"/> those delayed, not those handed out; answers how many.</summary>
    ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default);

    /// <summary>What is in a queue; null where there is no such queue.</summary>
    /// <exception cref="TransportRefusedException">The transport does not claim <see cref="TransportCapabilities.Counts"/>.</exception>
    ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes and returns when every message is durable. Waits at most the publish timeout of the URL (default 5 seconds).
    /// </summary>
    /// <exception cref="PublishException">Some publications failed; it names each. A single publication throws its own exception instead.</exception>
    /// <exception cref="PublishUnknownException">The wait ended before the broker answered: the message may have arrived.</exception>
    /// <exception cref="UnroutableException">A mandatory publication reached no queue.</exception>
    ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default);

    /// <summary>Starts receiving.</summary>
    /// <exception cref="TransportRefusedException">A queue does not exist.</exception>
    ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default);

    /// <summary>Takes one message without a subscription; null where the queue is empty.</summary>
    ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Ends deliveries: follow-ups, document and settlement of each completion together. Answers in the order given.
    /// A completion may be handed in again after an exception.
    /// </summary>
    /// <exception cref="AlreadySettledException">A delivery was settled before, by another completion.</exception>
    ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default);
}

/// <summary>The single forms of <see cref="ITransport"/>'s list members.</summary>
public static class TransportExtensions
{
    /// <inheritdoc cref="ITransport.PublishAsync"/>
    public static ValueTask PublishAsync(this ITransport transport, Publication publication, CancellationToken cancellationToken = default) =>
        transport.PublishAsync(new[] { publication }, cancellationToken);

    /// <inheritdoc cref="ITransport.CompleteAsync"/>
    public static ValueTask<CompletionStatus> CompleteAsync(this ITransport transport, Completion completion, CancellationToken cancellationToken = default) =>
        transport is ISettlesOne one ? one.CompleteOneAsync(completion, cancellationToken) : CompleteListAsync(transport, completion, cancellationToken);

    private static async ValueTask<CompletionStatus> CompleteListAsync(ITransport transport, Completion completion, CancellationToken cancellationToken) =>
        (await transport.CompleteAsync([completion], cancellationToken).ConfigureAwait(false))[0];
}

/// <summary>A transport that settles a single completion, which nearly all are, without the lists around it.</summary>
internal interface ISettlesOne
{
    /// <inheritdoc cref="ITransport.CompleteAsync"/>
    ValueTask<CompletionStatus> CompleteOneAsync(Completion completion, CancellationToken cancellationToken);
}
