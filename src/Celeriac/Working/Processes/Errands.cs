namespace Celeriac.Working.Processes;

/// <summary>What is under way beside the runs: children that start, that are watched, that leave. The pool waits for all of it at its end.</summary>
internal sealed class Errands
{
    private readonly HashSet<Task> _underWay = [];

    public void Keep(Task errand)
    {
        lock (_underWay)
        {
            _underWay.Add(errand);
        }
        _ = errand.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public Task Done()
    {
        lock (_underWay)
        {
            return Task.WhenAll(_underWay);
        }
    }

    private void Forget(Task errand)
    {
        lock (_underWay)
        {
            _underWay.Remove(errand);
        }
    }
}
