using System.Threading.Channels;
using Celeriac.Diagnostics;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Processes;

/// <summary>
/// Runs in children of the worker, one at a time in each (Celery's prefork). A run can be killed, and a child that dies takes only its own run with it.
/// As many children as runs may be at once are kept, started side by side and replaced when they end.
/// </summary>
internal sealed class ProcessPool : ITaskPool
{
    private readonly ChildSupply _supply;
    private readonly WorkerOptions _options;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly HashSet<PoolChild> _children = [];
    private readonly UnderWay _errands = new();
    private readonly Channel<PoolChild> _idle = Channel.CreateUnbounded<PoolChild>();
    private readonly CancellationTokenSource _closing = new();
    private int _size;
    private int _starting;
    private int _generation;
    private long _jobs;

    public ProcessPool(ChildSupply supply, WorkerOptions options, string node, TimeProvider time, ILogger log) =>
        (_supply, _options, _node, _time, _log) = (supply, options, node, time, log);

    public PoolFacts Facts
    {
        get
        {
            lock (_lock)
            {
                return new PoolFacts("celeriac.working:ProcessPool", [.. _children.Select(child => child.Id).Order()])
                {
                    MaxTasksPerChild = _options.MaxTasksPerChild,
                    MaxMemoryPerChild = _options.MaxMemoryPerChild,
                    IsGuarded = true,
                };
            }
        }
    }

    public void Resize(int size)
    {
        lock (_lock)
        {
            _size = size;
        }
        RetireIdle(_ => IsSurplus());
        Fill();
    }

    public bool Restart()
    {
        Interlocked.Increment(ref _generation);
        RetireIdle(IsOutdated);
        return true;
    }

    public async ValueTask<ITaskPlace?> TakeAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var child = await _idle.Reader.ReadAsync(stop).ConfigureAwait(false);
                if (IsHere(child))
                {
                    return new ChildPlace(this, child);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>Runs the task in the child.</summary>
    public Task<Outcome> RunAsync(PoolChild child, AdmittedTask task, RunningTask running, CancellationToken stopping) =>
        new ChildRun(child, task, Interlocked.Increment(ref _jobs), _options, _time, _log).RunAsync(running, stopping);

    /// <summary>Takes a child back after a run: for the next one, or for good.</summary>
    public void Release(PoolChild child)
    {
        if (child.Runs > 0)
        {
            _supply.Succeeded();
        }
        if (IsSurplus() || IsOutdated(child) || IsSpent(child))
        {
            Retire(child);
            Fill();
        }
        else
        {
            _idle.Writer.TryWrite(child);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _idle.Writer.TryComplete();
        RetireIdle(_ => true);
        lock (_lock)
        {
            // Whatever runs still was given up by the worker.
            foreach (var child in _children)
            {
                child.Kill();
            }
        }
        await _errands.FinishAsync().ConfigureAwait(false);
        _supply.Dispose();
    }

    private bool IsHere(PoolChild child)
    {
        lock (_lock)
        {
            return _children.Contains(child) && !child.Gone.IsCompleted;
        }
    }

    private bool IsSurplus()
    {
        lock (_lock)
        {
            return _children.Count > _size || _closing.IsCancellationRequested;
        }
    }

    private bool IsOutdated(PoolChild child) => child.Generation != Volatile.Read(ref _generation);

    private bool IsSpent(PoolChild child)
    {
        if (_options.MaxTasksPerChild > 0 && child.Runs >= _options.MaxTasksPerChild)
        {
            Log.ChildSpent(_log, child.Id, child.Runs);
            return true;
        }
        if (_options.MaxMemoryPerChild > 0 && child.ResidentBytes / 1024 > _options.MaxMemoryPerChild)
        {
            Log.ChildTooLarge(_log, child.Id, child.ResidentBytes / 1024, _options.MaxMemoryPerChild);
            return true;
        }
        return false;
    }

    private void RetireIdle(Predicate<PoolChild> leaves)
    {
        var staying = new List<PoolChild>();
        while (_idle.Reader.TryRead(out var child))
        {
            if (leaves(child))
            {
                Retire(child);
            }
            else
            {
                staying.Add(child);
            }
        }
        staying.ForEach(child => _idle.Writer.TryWrite(child));
        Fill();
    }

    private void Retire(PoolChild child)
    {
        bool isHere;
        lock (_lock)
        {
            isHere = _children.Remove(child);
        }
        if (isHere)
        {
            _errands.Keep(child.RetireAsync());
        }
    }

    /// <summary>Starts what is missing.</summary>
    private void Fill()
    {
        while (true)
        {
            lock (_lock)
            {
                if (_closing.IsCancellationRequested || _children.Count + _starting >= _size)
                {
                    return;
                }
                _starting++;
            }
            _errands.Keep(Task.Run(StartAsync));
        }
    }

    private async Task StartAsync()
    {
        PoolChild? child = null;
        while (child is null && IsWanted())
        {
            child = await _supply.TryStartAsync(Volatile.Read(ref _generation), _closing.Token).ConfigureAwait(false);
        }
        bool isKept;
        lock (_lock)
        {
            _starting--;
            isKept = child is not null && !_closing.IsCancellationRequested && _children.Count < _size && _children.Add(child);
        }
        if (child is null)
        {
            return;
        }
        if (!isKept)
        {
            await child.RetireAsync().ConfigureAwait(false);
            return;
        }
        Log.ChildStarted(_log, child.Id, _node);
        _errands.Keep(WatchAsync(child));
        if (!_idle.Writer.TryWrite(child))
        {
            Retire(child);
        }
    }

    private bool IsWanted()
    {
        lock (_lock)
        {
            return !_closing.IsCancellationRequested && _children.Count + _starting <= _size;
        }
    }

    /// <summary>Replaces a child that ends unasked.</summary>
    private async Task WatchAsync(PoolChild child)
    {
        await child.Gone.ConfigureAwait(false);
        bool isUnasked;
        lock (_lock)
        {
            isUnasked = _children.Remove(child);
        }
        if (isUnasked && !_closing.IsCancellationRequested)
        {
            if (!child.HasBegun)
            {
                _supply.Failed();
            }
            if (!child.WasKilled)
            {
                Log.ChildGone(_log, child.Id, _node, child.Status);
            }
            Fill();
        }
    }

    private sealed class ChildPlace(ProcessPool pool, PoolChild child) : ITaskPlace
    {
        public int ProcessId => child.Id;

        public ValueTask<Outcome> RunAsync(AdmittedTask task, RunningTask running, CancellationToken stopping) => new(pool.RunAsync(child, task, running, stopping));

        public void Dispose() => pool.Release(child);
    }
}
