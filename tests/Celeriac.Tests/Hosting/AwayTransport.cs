using Celeriac.Messaging;

namespace Celeriac.Tests.Hosting;

/// <summary>A broker that cannot be reached.</summary>
internal sealed class AwayTransport : ITransport
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => "away://";
    public TransportCapabilities Capabilities { get; } = new();
    public TransportHealth Health { get; } = new(ConnectionState.Connected, DateTimeOffset.UnixEpoch);
    public IDocumentStore? Documents => null;

    /// <summary>Ends when somebody has tried to reach it.</summary>
    public Task Asked => _asked.Task;

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => throw Away();
    public ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default) => throw Away();
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private TransportException Away()
    {
        _asked.TrySetResult();
        return new TransportException("The broker is away.");
    }
}
