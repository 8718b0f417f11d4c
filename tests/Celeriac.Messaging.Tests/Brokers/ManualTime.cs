namespace Celeriac.Messaging.Tests.Brokers;

/// <summary>A clock that stands still until a test moves it, and tells when a timer waits for it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private readonly List<Watcher> _watchers = [];
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>Ends when a timer waits that is due within a time; answers how long from now that is.</summary>
    public Task<TimeSpan> WaitForTimerAsync(TimeSpan within)
    {
        lock (_lock)
        {
            var watcher = new Watcher(within, new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously));
            _watchers.Add(watcher);
            Tell();
            return watcher.Found.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>Moves the clock and fires what is due.</summary>
    public void Advance(TimeSpan by)
    {
        Timer[] due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now).OrderBy(timer => timer.Due)];
            _timers.RemoveAll(due.Contains);
        }
        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Tell()
    {
        foreach (var watcher in _watchers.ToArray())
        {
            if (_timers.Select(timer => timer.Due - _now).Where(wait => wait <= watcher.Within).Order().FirstOrDefault(TimeSpan.MinValue) is var wait && wait > TimeSpan.MinValue)
            {
                _watchers.Remove(watcher);
                watcher.Found.TrySetResult(wait);
            }
        }
    }

    private sealed record Watcher(TimeSpan Within, TaskCompletionSource<TimeSpan> Found);

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                }
                time.Tell();
            }
            return true;
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
