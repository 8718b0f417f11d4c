using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Tests.Protocol;
using Celeriac.Working;

namespace Celeriac.Tests.Working;

public sealed class DeferredTaskTests
{
    /// <summary>Python sends both: the property would drop the message in the broker, without the state REVOKED.</summary>
    [Fact(Timeout = 120_000)]
    public async Task A_task_that_goes_back_into_the_broker_until_its_eta_takes_no_expiration_along()
    {
        await using var transport = new WatchedTransport(Transports.Create($"memory://{Guid.NewGuid():N}"));
        await using var client = new TaskClient(transport, new Celeriac.Results.DisabledResultStore(), new CeleriacOptions { DefaultQueue = "deferred" });
        var worker = new Worker(client, new TaskRegistry([ConformanceTasks.AddTask.Definition]), new WorkerOptions { Concurrency = 1 }, new CeleriacOptions());
        await transport.DeclareAsync(new Topology { Queues = [new QueueDeclaration("deferred")] });
        var eta = DateTimeOffset.UtcNow.AddHours(1);
        var message = TestMessages.With(TestMessages.GoodBody, ("task", ConformanceTasks.AddTask.Definition.Name), ("eta", eta.ToString("O"))) with { Expiration = TimeSpan.FromHours(2) };
        await transport.PublishAsync(new[] { Publication.ToQueue("deferred", message) });
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);

        var deferred = (await transport.Completed).FollowUps.Single();
        Assert.Equal((eta.UtcTicks / 10, null), (deferred.Due!.Value.UtcTicks / 10, deferred.Message.Expiration));
        // All else as it came, but for the note that it was received once.
        Assert.Equal(message with { Expiration = null, Headers = message.Headers.With("x-celeriac-told-received", 0) }, deferred.Message);
        await stop.CancelAsync();
        await run;
    }

    /// <summary>The copy is a new message, of which the store knows no deaths: a task that kills its worker and is over a limit in between would kill for ever.</summary>
    [Fact]
    public async Task A_task_that_goes_back_into_the_broker_takes_its_deaths_along()
    {
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        var message = TestMessages.With(TestMessages.GoodBody, ("task", ConformanceTasks.AddTask.Definition.Name), ("x-celeriac-deaths", 1));
        var delivery = new Delivery(client.Transport, message, "q", default) { Deaths = 1 };
        var request = TaskMessageCodec.Decode(message, DecodeLimits.Default).Request!;
        request.Deaths = Suspicion.CountOf(delivery);
        var runtime = new TaskRuntimes(new TaskRegistry([ConformanceTasks.AddTask.Definition]), TimeProvider.System).Find(request.Task)!;

        Assert.Equal(2L, OutcomeHandler.Told(new AdmittedTask(delivery, request, runtime) { AcksLate = true }).Headers["x-celeriac-deaths"].AsLong());
    }

    private sealed class WatchedTransport(ITransport inner) : ITransport
    {
        private readonly TaskCompletionSource<Completion> _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Completion> Completed => _completed.Task;

        public string Name => inner.Name;
        public TransportCapabilities Capabilities => inner.Capabilities;
        public TransportHealth Health => inner.Health;
        public IDocumentStore? Documents => inner.Documents;

        public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => inner.ConnectAsync(cancellationToken);
        public ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default) => inner.DeclareAsync(topology, cancellationToken);
        public ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) => inner.UnbindAsync(binding, cancellationToken);
        public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => inner.DeleteQueueAsync(queue, cancellationToken);
        public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) => inner.DeleteExchangeAsync(exchange, cancellationToken);
        public ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) => inner.PurgeAsync(queue, cancellationToken);
        public ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) => inner.CountAsync(queue, cancellationToken);
        public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default) => inner.PublishAsync(publications, cancellationToken);
        public ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default) => inner.SubscribeAsync(options, cancellationToken);
        public ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default) => inner.GetAsync(queue, cancellationToken);

        public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default)
        {
            _completed.TrySetResult(completions[0]);
            return inner.CompleteAsync(completions, cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
