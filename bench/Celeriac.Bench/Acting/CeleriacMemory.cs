namespace Celeriac.Bench.Acting;

/// <summary>Client and worker in one process, because that is all memory reaches.</summary>
internal sealed class CeleriacMemory(Arguments arguments) : Actor
{
    private readonly TaskClient _client = TaskClient.Open(CeleriacWorker.Options(arguments));
    private readonly CancellationTokenSource _stop = new();
    private readonly Meter _meter = new(0);
    private Task _work = Task.CompletedTask;

    public override async Task PrepareAsync()
    {
        Tally.Expect(arguments, _meter);
        var worker = new Worker(_client, new TaskRegistry(CeleriacTasks.All), new WorkerOptions(), CeleriacWorker.Options(arguments));
        _work = worker.RunAsync(_stop.Token);
        await worker.Ready;
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        var noop = BenchTasks.NoopTask.With(client: _client);
        await Windowed.RunAsync(arguments.Warm + arguments.Tasks, arguments.Window, async _ => await noop.DelayAsync(0));
        return await Tally.FinishAsync(end);
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        await _client.DisposeAsync();
        _stop.Dispose();
    }
}
