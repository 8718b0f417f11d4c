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

    public override Task<Report> RunAsync(CancellationToken end) => arguments.Text("mode") switch
    {
        "publish" => Windowed.MeasureAsync(arguments, _meter, PublishAsync),
        "bulk" => BulkAsync(),
        "result" => Windowed.MeasureAsync(arguments, _meter, CallAsync),
        "paced" => PacedAsync(),
        var mode => throw new ArgumentException($"There is no mode '{mode}'."),
    };

    public override ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task PublishAsync(int index) => await (arguments.Text("task", "noop") switch
    {
        "noop" => BenchTasks.NoopTask.With(client: _client).DelayAsync(Stopwatch.GetTimestamp()),
        "sync" => BenchTasks.NoopSyncTask.With(client: _client).DelayAsync(Stopwatch.GetTimestamp()),
        "wait" => BenchTasks.WaitTask.With(client: _client).DelayAsync(Stopwatch.GetTimestamp()),
        var task => throw new ArgumentException($"There is no task '{task}'."),
    });

    private async Task<Report> BulkAsync()
    {
        await SendAsync(arguments.Warm);
        _meter.Begin();
        await SendAsync(arguments.Tasks);
        return _meter.Finish(arguments.Tasks);

        async Task SendAsync(int tasks)
        {
            for (var sent = 0; sent < tasks; sent += BulkSize)
            {
                await BenchTasks.NoopTask.With(client: _client).DelayManyAsync(Enumerable.Repeat(0L, Math.Min(BulkSize, tasks - sent)));
            }
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

    /// <summary>Sends at a given rate, whether the worker keeps up or not; the worker is who measures.</summary>
    private async Task<Report> PacedAsync()
    {
        var tasks = arguments.Warm + arguments.Tasks;
        _meter.Begin();
        var started = Stopwatch.GetTimestamp();
        var sending = new List<Task>(tasks);
        while (sending.Count < tasks)
        {
            var due = Math.Min(tasks, (int)(Stopwatch.GetElapsedTime(started).TotalSeconds * arguments.Number("rate", 1000)));
            while (sending.Count < due)
            {
                sending.Add(PublishAsync(sending.Count));
            }
            await Task.Delay(1);
        }
        await Task.WhenAll(sending);
        return _meter.Finish(tasks);
    }
}
