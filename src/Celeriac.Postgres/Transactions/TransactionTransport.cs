using Celeriac.Messaging;

namespace Celeriac.Postgres.Transactions;

/// <summary>A transport whose publications go into a transaction of the user's; everything else is the transport behind it.</summary>
/// <param name="behind">The transport of the client.</param>
/// <param name="publish">Writes publications into the transaction.</param>
/// <param name="declares">False where the broker may be away: queues are declared when the messages are published.</param>
internal sealed class TransactionTransport(ITransport behind, Func<ReadOnlyMemory<Publication>, CancellationToken, ValueTask> publish, bool declares) : ITransport
{
    public string Name => behind.Name;

    public TransportCapabilities Capabilities => behind.Capabilities;

    public TransportHealth Health => behind.Health;

    public IDocumentStore? Documents => behind.Documents;

    public IStateStore? State => behind.State;

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => behind.ConnectAsync(cancellationToken);

    public ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default) => declares ? behind.DeclareAsync(topology, cancellationToken) : default;

    public ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) => behind.UnbindAsync(binding, cancellationToken);

    public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => behind.DeleteQueueAsync(queue, cancellationToken);

    public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) => behind.DeleteExchangeAsync(exchange, cancellationToken);

    public ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) => behind.PurgeAsync(queue, cancellationToken);

    public ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) => behind.CountAsync(queue, cancellationToken);

    public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default) => publish(publications, cancellationToken);

    public ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default) => behind.SubscribeAsync(options, cancellationToken);

    public ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default) => behind.GetAsync(queue, cancellationToken);

    public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default) =>
        behind.CompleteAsync(completions, cancellationToken);

    // It belongs to the client.
    public ValueTask DisposeAsync() => default;
}
