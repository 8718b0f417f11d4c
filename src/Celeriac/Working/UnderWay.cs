namespace Celeriac.Working;

/// <summary>What goes on beside its caller and is awaited at the end. What goes wrong in it is told there, not here.</summary>
internal sealed class UnderWay
{
    private readonly HashSet<Task> _running = [];

    /// <summary>Begins something on another thread.</summary>
    public void Start(Func<Task> work) => Keep(Task.Run(work));

    /// <summary>Something that has begun.</summary>
    public void Keep(Task task)
    {
        if (task.IsCompleted)
        {
            return;
        }
        lock (_running)
        {
            _running.Add(task);
        }
        _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Ends when nothing goes on any more, also of what was begun meanwhile.</summary>
    public async Task FinishAsync()
    {
        while (true)
        {
            Task[] running;
            lock (_running)
            {
                running = [.. _running.Where(task => !task.IsCompleted)];
            }
            if (running.Length == 0)
            {
                return;
            }
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Forget(Task task)
    {
        lock (_running)
        {
            _running.Remove(task);
        }
    }
}
