using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>Runs in the worker's own process: there is always a place, because the runners are as many as may run at once.</summary>
internal sealed class InProcessPool(TaskRunner runner) : ITaskPool, ITaskPlace
{
    public PoolFacts Facts { get; } = new("celeriac.working:InProcessPool", [Environment.ProcessId]);

    public int ProcessId => Environment.ProcessId;

    public void Resize(int size)
    {
        // The runners are the only bound.
    }

    public bool Restart() => false;

    public ValueTask<ITaskPlace?> TakeAsync(CancellationToken stop) => new(this);

    public ValueTask<Outcome> RunAsync(AdmittedTask task, RunningTask running, CancellationToken stopping) => runner.RunAsync(task, running, stopping);

    public void Dispose()
    {
        // The place is the pool.
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
