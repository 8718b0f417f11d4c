using Celeriac.Messaging;

namespace Celeriac.Tests.Sending;

/// <summary>Remembers how many messages each publish had, and fails from one of them on.</summary>
internal sealed class BatchTransport(ITransport inner, Exception? fault = null, int goodBatches = 0) : ITransport
{
    public List<int> Batches { get; } = [];

    public string Name => inner.Name;
    public TransportCapabilities Capabilities => inner.Capabilities;
    public TransportHealth Health => inner.Health;
    public IDocumentStore? Documents => null;

    public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default)
    {
        Batches.Add(publications.Length);
        return fault is not null && Batches.Count > goodBatches ? throw fault : inner.PublishAsync(publications, cancellationToken);
    }

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => inner.ConnectAsync(cancellationToken);
    public ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default) => inner.DeclareAsync(topology, cancellationToken);
    public ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) => inner.UnbindAsync(binding, cancellationToken);
    public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => inner.DeleteQueueAsync(queue, cancellationToken);
    public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) => inner.DeleteExchangeAsync(exchange, cancellationToken);
    public ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) => inner.PurgeAsync(queue, cancellationToken);
    public ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) => inner.CountAsync(queue, cancellationToken);
    public ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default) => inner.SubscribeAsync(options, cancellationToken);
    public ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default) => inner.GetAsync(queue, cancellationToken);
    public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default) => inner.CompleteAsync(completions, cancellationToken);
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
