using System.Threading.Channels;

namespace Celeriac.Working;

/// <summary>
/// Runs the tasks of the line, as many at once as may, and more or fewer while it works. A runner is there only while it has work: one piece of work on the thread pool
/// starts all tasks that came together and takes back those that ended at once.
/// </summary>
internal sealed class RunnerPool : IThreadPoolWorkItem
{
    private readonly ChannelReader<AdmittedTask> _line;
    private readonly Func<AdmittedTask, ValueTask> _run;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // What flows from where the worker was started flows into its tasks.
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private int _size;
    private int _runners;
    private int _isAsked;
    private volatile bool _isClosed;

    public RunnerPool(Dispatch dispatch, Func<AdmittedTask, ValueTask> run)
    {
        _line = dispatch.Line;
        _run = run;
        dispatch.Arrived = Ask;
    }

    /// <summary>How many tasks may run at once.</summary>
    public int Size => Volatile.Read(ref _size);

    public void Grow(int number)
    {
        Interlocked.Add(ref _size, number);
        Ask();
    }

    /// <summary>At least one runner stays. A task that runs is not disturbed.</summary>
    public void Shrink(int number)
    {
        int size;
        do
        {
            size = Size;
        }
        while (Interlocked.CompareExchange(ref _size, Math.Max(1, size - number), size) != size);
    }

    /// <summary>Ends when every runner is done and the line, which is closed by now, is empty.</summary>
    public Task Finished()
    {
        _isClosed = true;
        LookForEnd();
        return _finished.Task;
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_context is null)
        {
            StartAll();
            return;
        }
        ExecutionContext.Run(_context, static pool => ((RunnerPool)pool!).StartAll(), this);
    }

    private void Ask()
    {
        if (Interlocked.Exchange(ref _isAsked, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void StartAll()
    {
        // From here on whoever puts something into the line asks again.
        Interlocked.Exchange(ref _isAsked, 0);
        while (_line.Count > 0 && TryEnter())
        {
            if (TakeNext() is { } task)
            {
                var run = _run(task);
                if (!run.IsCompletedSuccessfully)
                {
                    _ = RunOnAsync(run);
                    continue;
                }
            }
            Leave();
        }
    }

    /// <summary>A runner whose task takes its time: it goes on with the next ones.</summary>
    private async Task RunOnAsync(ValueTask run)
    {
        await run.ConfigureAwait(false);
        while (Volatile.Read(ref _runners) <= Size && TakeNext() is { } task)
        {
            await _run(task).ConfigureAwait(false);
        }
        Leave();
        // Something may have come since the look at the line, when there was no room.
        if (_line.Count > 0)
        {
            Ask();
        }
    }

    private AdmittedTask? TakeNext()
    {
        if (!_line.TryRead(out var task))
        {
            return null;
        }
        if (_line.Count > 0 && Volatile.Read(ref _runners) < Size)
        {
            // The task may hold its thread: another one looks after its neighbours.
            Ask();
        }
        return task;
    }

    private bool TryEnter()
    {
        while (true)
        {
            var runners = Volatile.Read(ref _runners);
            if (runners >= Size)
            {
                return false;
            }
            if (Interlocked.CompareExchange(ref _runners, runners + 1, runners) == runners)
            {
                return true;
            }
        }
    }

    private void Leave()
    {
        Interlocked.Decrement(ref _runners);
        LookForEnd();
    }

    private void LookForEnd()
    {
        if (_isClosed && _line.Count == 0 && Volatile.Read(ref _runners) == 0)
        {
            _finished.TrySetResult();
        }
    }
}
