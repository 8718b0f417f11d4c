using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Bench.Acting;

/// <summary>
/// A process that works with Celeriac. With <c>hold</c> it begins to consume only when the run does, for queues that are full before;
/// with <c>idle=SECONDS</c> it settles and then measures what it costs to do nothing.
/// </summary>
internal sealed class CeleriacWorker(Arguments arguments) : Actor
{
    // The runtime compiles in the background for some seconds after a start: that is the start's cost.
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(10);

    private readonly TaskClient _client = TaskClient.Open(Options(arguments), new TransportContext { LoggerFactory = Logs() });
    private readonly CancellationTokenSource _stop = new();
    private readonly Meter _meter = new(Math.Max(arguments.Tasks, 1000));
    private Task _work = Task.CompletedTask;

    /// <summary>What client and worker share. With <c>kept</c> results and shared state are in a file where the broker cannot keep them.</summary>
    public static CeleriacOptions Options(Arguments arguments) => new()
    {
        BrokerUrl = arguments.Has("wire") ? $"{arguments.Broker}?client={arguments.Text("wire")}" : arguments.Broker,
        DefaultQueue = arguments.Queue,
        ResultPersistent = arguments.Text("replies", "persistent") != "transient",
        ResultBackend = arguments.Has("results") ? arguments.Text("results") : arguments.Has("kept") ? arguments.Text("store") : null,
    };

    public override async Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        await _client.Transport.ConnectAsync();
        if (!arguments.Has("hold"))
        {
            await StartAsync();
        }
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        if (arguments.Has("hold"))
        {
            await StartAsync();
        }
        if (arguments.Has("idle"))
        {
            await Task.Delay(s_settling, CancellationToken.None);
            _meter.Begin();
            await Task.Delay(TimeSpan.FromSeconds(arguments.Number("idle", 5)), CancellationToken.None);
            return _meter.Finish(1);
        }
        return await Tally.FinishAsync(end);
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        await _client.DisposeAsync();
        _stop.Dispose();
    }

    private async Task StartAsync()
    {
        var options = new WorkerOptions { Prefetch = arguments.Number("prefetch", 0), NodeName = $"bench-{Environment.ProcessId}@%h" };
        if (arguments.Has("concurrency"))
        {
            options.Concurrency = arguments.Number("concurrency", 0);
        }
        var worker = new Worker(_client, new TaskRegistry(CeleriacTasks.All), options, Options(arguments), logs: Logs());
        _work = worker.RunAsync(_stop.Token);
        await Task.WhenAny(worker.Ready, _work);
    }

    /// <summary>Warnings go to the error output, which the bench shows when something fails.</summary>
    private static ILoggerFactory Logs() => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(LogLevel.Warning)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
