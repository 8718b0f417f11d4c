using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Results;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Tests.Working;

/// <summary>A store that takes failures and refuses every success: what becomes of a task whose result nobody will ever take.</summary>
public sealed class RefusedOutcomeTests
{
    [Fact(Timeout = 120_000)]
    public async Task A_result_that_the_store_refuses_ends_as_FAILURE_and_in_quarantine_and_frees_its_slot()
    {
        await using var transport = Transports.Create($"memory://{Guid.NewGuid():N}");
        await using var documents = new DocumentResultStore(transport, ownsTransport: false, TimeSpan.FromDays(1), TimeProvider.System, NullLoggerFactory.Instance);
        var options = new CeleriacOptions { DefaultQueue = "refused" };
        await using var client = new TaskClient(transport, new RefusingStore(documents), options);
        var worker = new Worker(client, new TaskRegistry([ConformanceTasks.AddTask.Definition]), new WorkerOptions { Concurrency = 1 }, options);
        using var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);

        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await (await client.SendAsync(ConformanceTasks.AddTask.S(1, 2))).GetAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal("OutcomeRefused", error.RemoteType);
        Assert.Contains("too rich for this store", error.RemoteMessage, StringComparison.Ordinal);

        await Assert.ThrowsAsync<RemoteTaskException>(async () => await (await client.SendAsync(ConformanceTasks.AddTask.S(3, 4))).GetAsync(TimeSpan.FromSeconds(60)));
        await stop.CancelAsync();
        await run;
        Assert.Equal((0, 2), ((await transport.CountAsync("refused"))!.Ready, (await transport.CountAsync("refused.quarantine"))!.Ready));
    }

    private sealed class RefusingStore(IResultStore inner) : IResultStore
    {
        public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => inner.PrepareAsync(taskId, cancellationToken);

        public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => inner.ReadAsync(taskId, cancellationToken);

        public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => inner.WaitAsync(taskId, cancellationToken);

        public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => record.Status == TaskStates.Success
            ? throw new TransportRefusedException("The result is too rich for this store.")
            : inner.Attach(transport, record, replyTo);

        public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default) => inner.WriteAsync(record, replyTo, cancellationToken);

        public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => inner.ForgetAsync(taskId, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
