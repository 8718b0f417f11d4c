namespace Celeriac.Working;

/// <summary>The runners of a worker: as many loops as tasks may run at once, and more or fewer while it works.</summary>
internal sealed class RunnerPool(Dispatch dispatch, Func<AdmittedTask, Task> run)
{
    private readonly Lock _lock = new();
    private readonly List<Task> _runners = [];
    private int _size;
    private int _surplus;

    /// <summary>How many tasks may run at once.</summary>
    public int Size => Volatile.Read(ref _size);

    public void Grow(int number)
    {
        lock (_lock)
        {
            _size += number;
            // Runners that were to end and have not yet may as well stay.
            var kept = Math.Min(number, _surplus);
            _surplus -= kept;
            _runners.RemoveAll(runner => runner.IsCompleted);
            for (var index = kept; index < number; index++)
            {
                _runners.Add(Task.Run(RunAsync));
            }
        }
    }

    /// <summary>At least one runner stays. A task that runs is not disturbed.</summary>
    public void Shrink(int number)
    {
        lock (_lock)
        {
            number = Math.Min(number, _size - 1);
            _size -= number;
            _surplus += number;
        }
        for (var index = 0; index < number; index++)
        {
            dispatch.Nudge();
        }
    }

    /// <summary>Ends when the line is closed and every runner is done.</summary>
    public Task Finished()
    {
        lock (_lock)
        {
            return Task.WhenAll(_runners);
        }
    }

    private async Task RunAsync()
    {
        await foreach (var task in dispatch.Line.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (task is not null)
            {
                await run(task).ConfigureAwait(false);
            }
            if (Volatile.Read(ref _surplus) > 0 && IsSurplus())
            {
                return;
            }
        }
    }

    private bool IsSurplus()
    {
        lock (_lock)
        {
            if (_surplus == 0)
            {
                return false;
            }
            _surplus--;
            return true;
        }
    }
}
