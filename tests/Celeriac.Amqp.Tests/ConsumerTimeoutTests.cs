using System.Collections.Concurrent;
using Celeriac.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Tests;

/// <summary>A server of its own, which gives an acknowledgement one minute and looks once a minute.</summary>
public sealed class ConsumerTimeoutTests : AmqpTest, IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);
    private RabbitMqServer? _server;

    public async ValueTask InitializeAsync() => _server = await RabbitMqServer.StartAsync(new RabbitMqOptions { ExtraConfiguration = "consumer_timeout = 60000" });

    [Fact(Timeout = 300_000)]
    public async Task A_run_that_outlasts_the_brokers_patience_is_cancelled_with_a_reason_and_runs_again_and_nobody_else_suffers()
    {
        var runs = new ConcurrentQueue<bool>();
        // The other run may end before the first has heard that it is over.
        var reason = new TaskCompletionSource<CancellationReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = Define("test.slow", async invocation =>
        {
            runs.Enqueue(true);
            if (runs.Count == 1)
            {
                try
                {
                    await new TaskCompletionSource().Task.WaitAsync(invocation.CancellationToken);
                }
                finally
                {
                    reason.TrySetResult(invocation.Context.CancellationReason);
                }
            }
            return TaskInvocation.Result(runs.Count);
        });
        var quick = Define("test.quick", _ => ValueTask.FromResult(TaskInvocation.Result(7)));
        var shared = new CeleriacOptions { BrokerUrl = $"{_server!.AmqpUrl}?consumer_timeout=60s" };
        await using var client = TaskClient.Open(shared);
        var log = new LogIds();
        // One death would already be too many.
        var hit = new Worker(client, new TaskRegistry([slow]), new WorkerOptions { NodeName = "hit@test", Queues = ["slow"], MaxDeaths = 1 }, shared, null, log);
        var other = new Worker(client, new TaskRegistry([quick]), new WorkerOptions { NodeName = "other@test", Queues = ["quick"] }, shared, null, log);
        using var stop = new CancellationTokenSource();
        Task[] working = [hit.RunAsync(stop.Token), other.RunAsync(stop.Token)];
        var sent = await client.SendAsync(new Signature<int>("test.slow") { Options = new SendOptions { Queue = "slow" } }, Cancelled);

        Assert.Equal(2, await sent.GetAsync(s_patience, Cancelled));
        Assert.Equal(CancellationReason.TakenBack, await reason.Task.WaitAsync(s_patience, Cancelled));
        // It was warned of before, told when it happened, and never taken for a death.
        Assert.Equal((1, 1, 0), (log.Count(2157), log.Count(2158), log.Count(CameBack)));
        var third = await client.SendAsync(new Signature<int>("test.quick") { Options = new SendOptions { Queue = "quick" } }, Cancelled);
        Assert.Equal(7, await third.GetAsync(TimeSpan.FromSeconds(30), Cancelled));
        await stop.CancelAsync();
        await Task.WhenAll(working);
        // Counted when its acknowledgement is applied, which may be after the caller has its result.
        Assert.Equal((2, 0, 1), (hit.Counters.Started, hit.Counters.Failed + hit.Counters.Retried + hit.Counters.Quarantined, hit.Counters.Succeeded));
        Assert.Equal(0, (await client.Transport.CountAsync("slow", Cancelled))!.Ready);
    }

    private const int CameBack = 2181;

    private static TaskDefinition Define(string name, TaskInvoker invoker) => new() { Name = name, Method = name, Parameters = [], Invoker = invoker };

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await _server!.DisposeAsync();
    }

    private sealed class LogIds : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<int> _ids = new();

        public int Count(int id) => _ids.Count(seen => seen == id);

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _ids.Enqueue(eventId.Id);

        public void Dispose()
        {
        }
    }
}
