namespace Celeriac.Bench.Acting;

/// <summary>Client and worker in one process, because that is all memory reaches.</summary>
internal sealed class CeleriacMemory(Arguments arguments) : Actor
{
    // Sending is faster than running: a queue that only grows would be measured by what it costs the garbage collector.
    private const int MostAhead = 2_000;
    private readonly TaskClient _client = TaskClient.Open(CeleriacWorker.Options(arguments));
    private readonly CancellationTokenSource _stop = new();
    private readonly Meter _meter = new(0);
    private Task _room = Task.CompletedTask;
    private Task _work = Task.CompletedTask;

    public override async Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        var worker = new Worker(_client, new TaskRegistry(CeleriacTasks.All), new WorkerOptions { Concurrency = arguments.Number("concurrency", 64) }, CeleriacWorker.Options(arguments));
        _work = worker.RunAsync(_stop.Token);
        await worker.Ready;
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        var noop = BenchTasks.NoopTask.With(client: _client);
        await Windowed.RunAsync(arguments.Warm + arguments.Tasks, arguments.Window, SendAsync);
        return await Tally.FinishAsync(end);

        async Task SendAsync(int index)
        {
            while (index - Tally.All > MostAhead)
            {
                await RoomAsync(index);
            }
            await noop.DelayAsync(0, CancellationToken.None);
        }
    }

    /// <summary>Ends when half of what was ahead has run; the same for all who wait, so that waiting costs one timer.</summary>
    private Task RoomAsync(int index)
    {
        lock (_meter)
        {
            return _room.IsCompleted ? _room = WaitAsync() : _room;
        }

        async Task WaitAsync()
        {
            while (index - Tally.All > MostAhead / 2)
            {
                await Task.Delay(1, CancellationToken.None);
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        await _client.DisposeAsync();
        _stop.Dispose();
    }
}
