using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Tests.Hosting;

/// <summary>A transport in memory whose health a test sets.</summary>
internal sealed class SetTransport(TimeProvider time) : ITransport
{
    private readonly ITransport _inner = new MemoryTransportFactory().Create(BrokerUrl.Parse(HostingApp.NewBroker()), new TransportContext());

    public string Name => "amqp://user:***@broker/";
    public TransportCapabilities Capabilities => _inner.Capabilities;
    public TransportHealth Health { get; private set; } = new(ConnectionState.Closed, time.GetUtcNow());
    public IDocumentStore? Documents => _inner.Documents;

    /// <summary>What connecting leads to; default a connection.</summary>
    public Action<SetTransport> OnConnect { get; set; } = transport => transport.Become(ConnectionState.Connected);

    public void Become(ConnectionState state, string? error = null) => Health = new TransportHealth(state, time.GetUtcNow(), error);

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default)
    {
        OnConnect(this);
        return ValueTask.CompletedTask;
    }

    public ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default) => _inner.DeclareAsync(topology, cancellationToken);
    public ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) => _inner.UnbindAsync(binding, cancellationToken);
    public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => _inner.DeleteQueueAsync(queue, cancellationToken);
    public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) => _inner.DeleteExchangeAsync(exchange, cancellationToken);
    public ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) => _inner.PurgeAsync(queue, cancellationToken);
    public ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) => _inner.CountAsync(queue, cancellationToken);
    public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default) => _inner.PublishAsync(publications, cancellationToken);
    public ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default) => _inner.SubscribeAsync(options, cancellationToken);
    public ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default) => _inner.GetAsync(queue, cancellationToken);
    public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default) => _inner.CompleteAsync(completions, cancellationToken);
    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
