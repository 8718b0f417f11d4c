using System.Threading.Channels;
using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

/// <summary>A transport without a broker: it records what it is asked for and hands out what a test puts in.</summary>
internal sealed class RecordingTransport(string name) : ITransport, ISubscription
{
    private readonly Channel<Delivery> _deliveries = Channel.CreateUnbounded<Delivery>();

    public string Name { get; } = name;
    public TransportCapabilities Capabilities { get; } = new() { Delay = true, MaxBodyBytes = 1_000_000 };
    public TransportHealth Health { get; } = new(ConnectionState.Connected, DateTimeOffset.UnixEpoch);
    public IDocumentStore? Documents => null;
    public bool Connected { get; private set; }
    public bool Disposed { get; private set; }
    public bool Cancelled { get; private set; }
    public Exception? ConnectError { get; init; }
    public List<Topology> Declared { get; } = [];
    public List<Publication> Published { get; } = [];
    public List<int> Batches { get; } = [];
    public List<SubscriptionOptions> Subscriptions { get; } = [];
    public List<Completion> Completions { get; } = [];

    public Delivery Deliver(Message message, string queue = "q")
    {
        var delivery = new Delivery(this, message, queue, new DeliveryClaim(1, 1, 1));
        Assert.True(_deliveries.Writer.TryWrite(delivery));
        return delivery;
    }

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default)
    {
        Connected = ConnectError is null;
        return ConnectError is null ? default : ValueTask.FromException(ConnectError);
    }

    public ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default)
    {
        Declared.Add(topology);
        return default;
    }

    public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default)
    {
        Published.AddRange(publications.Span);
        Batches.Add(publications.Length);
        return default;
    }

    public ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        Subscriptions.Add(options);
        return ValueTask.FromResult<ISubscription>(this);
    }

    public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default)
    {
        foreach (var completion in completions)
        {
            completion.Delivery.BeginSettling(completion);
            Completions.Add(completion);
        }
        return ValueTask.FromResult<IReadOnlyList<CompletionStatus>>([.. completions.Select(_ => CompletionStatus.Applied)]);
    }

    public async ValueTask<Delivery?> ReceiveAsync(CancellationToken cancellationToken = default) =>
        await _deliveries.Reader.WaitToReadAsync(cancellationToken) && _deliveries.Reader.TryRead(out var delivery) ? delivery : null;

    public ValueTask CancelAsync(CancellationToken cancellationToken = default)
    {
        Cancelled = true;
        _deliveries.Writer.TryComplete();
        return default;
    }

    public ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) => default;
    public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => ValueTask.FromResult(false);
    public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) => ValueTask.FromResult(false);
    public ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) => ValueTask.FromResult(0L);
    public ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) => ValueTask.FromResult<QueueCounts?>(null);
    public ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default) => ValueTask.FromResult<Delivery?>(null);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return default;
    }
}
