using System.Diagnostics;

namespace Celeriac.Bench.Acting;

/// <summary>A process that sends with Celeriac: <c>mode=publish</c>, <c>bulk</c>, <c>result</c> or <c>paced</c>.</summary>
internal sealed class CeleriacClient(Arguments arguments) : Actor
{
    private const int BulkSize = 1000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private readonly TaskClient _client = TaskClient.Open(CeleriacWorker.Options(arguments));
    private readonly Meter _meter = new(arguments.Tasks);

    public override async Task PrepareAsync() => await _client.Transport.ConnectAsync();

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        _meter.Begin();
        await (arguments.Text("mode") switch
        {
            "publish" => Windowed.RunAsync(arguments.Tasks, arguments.Window, PublishAsync),
            "bulk" => BulkAsync(),
            "result" => Windowed.RunAsync(arguments.Tasks, arguments.Window, CallAsync),
            "paced" => PacedAsync(),
            var mode => throw new ArgumentException($"There is no mode '{mode}'."),
        });
        return _meter.Finish(arguments.Tasks);
    }

    public override ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task PublishAsync(int index) => await (arguments.Text("task", "noop") switch
    {
        "noop" => BenchTasks.NoopTask.With(client: _client).DelayAsync(Stopwatch.GetTimestamp()),
        "sync" => BenchTasks.NoopSyncTask.With(client: _client).DelayAsync(Stopwatch.GetTimestamp()),
        "wait" => BenchTasks.WaitTask.With(client: _client).DelayAsync(Stopwatch.GetTimestamp()),
        var task => throw new ArgumentException($"There is no task '{task}'."),
    });

    private async Task BulkAsync()
    {
        for (var sent = 0; sent < arguments.Tasks; sent += BulkSize)
        {
            await BenchTasks.NoopTask.With(client: _client).DelayManyAsync(Enumerable.Repeat(0L, Math.Min(BulkSize, arguments.Tasks - sent)));
        }
    }

    private async Task CallAsync(int index)
    {
        var called = Stopwatch.GetTimestamp();
        var result = await BenchTasks.AddTask.With(client: _client).DelayAsync(index, 1);
        var sum = await result.GetAsync(s_patience);
        if (sum != index + 1)
        {
            throw new InvalidOperationException($"{index} + 1 is said to be {sum}.");
        }
        _meter.NoteSince(called);
    }

    /// <summary>Sends at a given rate, whether the worker keeps up or not.</summary>
    private async Task PacedAsync()
    {
        var started = Stopwatch.GetTimestamp();
        var sending = new List<Task>(arguments.Tasks);
        while (sending.Count < arguments.Tasks)
        {
            var due = Math.Min(arguments.Tasks, (int)(Stopwatch.GetElapsedTime(started).TotalSeconds * arguments.Number("rate", 1000)));
            while (sending.Count < due)
            {
                sending.Add(PublishAsync(sending.Count));
            }
            await Task.Delay(1);
        }
        await Task.WhenAll(sending);
    }
}
