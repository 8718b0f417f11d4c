namespace Celeriac.Working;

/// <summary>
/// Lets a suspect run alone: what runs may finish first, and nothing else is begun beside it. Both waits have a bound, because an innocent long task
/// must not stop a worker.
/// </summary>
internal sealed class AloneGate(TimeProvider time) : IDisposable
{
    /// <summary>So long a suspect waits for what runs.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>So long nothing is begun beside it. What kills its process mostly does so early.</summary>
    public static readonly TimeSpan LongestAlone = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _one = new(1, 1);
    private int _running;
    private TaskCompletionSource? _closed;
    private TaskCompletionSource? _idle;

    /// <summary>Before a task that is no suspect. Costs an interlocked addition while no suspect runs. Ends when the worker stops, too.</summary>
    public ValueTask EnterAsync(CancellationToken stop)
    {
        Interlocked.Increment(ref _running);
        return Volatile.Read(ref _closed) is null ? ValueTask.CompletedTask : new ValueTask(WaitAsync(stop));
    }

    /// <summary>After a task that is no suspect.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            Volatile.Read(ref _idle)?.TrySetResult();
        }
    }

    /// <summary>Runs a suspect.</summary>
    public async Task RunAloneAsync(Func<Task> run, CancellationToken stop)
    {
        await _one.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        var opening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _idle, idle);
            Interlocked.Exchange(ref _closed, opening);
            if (Volatile.Read(ref _running) > 0)
            {
                await idle.Task.WaitAsync(LongestWait, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            var running = run();
            await running.WaitAsync(LongestAlone, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Open(opening);
            await running.ConfigureAwait(false);
        }
        finally
        {
            Open(opening);
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private void Open(TaskCompletionSource opening)
    {
        Interlocked.CompareExchange(ref _closed, null, opening);
        opening.TrySetResult();
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        while (Volatile.Read(ref _closed) is { } closed && !stop.IsCancellationRequested)
        {
            Leave();
            await closed.Task.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Increment(ref _running);
        }
    }
}
