namespace Celeriac.Working;

/// <summary>
/// Lets the runs of one task pass at its rate. What comes too early is held, in order, without taking a slot. A task without a limit passes without a lock.
/// </summary>
internal sealed class RateGate(RateLimit? limit, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<AdmittedTask> _held = new();
    private RateLimit? _limit = limit;
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private ITimer? _timer;
    private Action<AdmittedTask>? _release;

    public RateLimit? Limit => Volatile.Read(ref _limit);

    /// <summary>True where the task may run now; else it is kept and given to <paramref name="release"/> in its turn.</summary>
    public bool Pass(AdmittedTask task, Action<AdmittedTask> release)
    {
        if (Limit is null)
        {
            return true;
        }
        lock (_lock)
        {
            _release = release;
            if (_held.Count == 0 && TryTake())
            {
                return true;
            }
            _held.Enqueue(task);
            Arm();
            return false;
        }
    }

    /// <summary>From now on another rate; null for none. What is held passes by the new one.</summary>
    public void Change(RateLimit? limit)
    {
        lock (_lock)
        {
            Volatile.Write(ref _limit, limit);
            var latest = time.GetUtcNow() + (limit?.Interval ?? TimeSpan.Zero);
            _next = _next < latest ? _next : latest;
        }
        ReleaseDue();
    }

    /// <summary>Gives out all that is held: the worker stops.</summary>
    public void Open()
    {
        List<AdmittedTask> all;
        lock (_lock)
        {
            all = [.. _held];
            _held.Clear();
            _timer?.Dispose();
            _timer = null;
        }
        all.ForEach(task => _release!(task));
    }

    private void ReleaseDue()
    {
        while (true)
        {
            AdmittedTask task;
            lock (_lock)
            {
                if (_held.Count == 0)
                {
                    return;
                }
                if (!TryTake())
                {
                    Arm();
                    return;
                }
                task = _held.Dequeue();
            }
            _release!(task);
        }
    }

    private bool TryTake()
    {
        if (_limit is not { } limit)
        {
            return true;
        }
        var now = time.GetUtcNow();
        if (now < _next)
        {
            return false;
        }
        _next = now + limit.Interval;
        return true;
    }

    private void Arm()
    {
        var wait = _next - time.GetUtcNow();
        // A timer that fires a little early would be armed again at once, again and again.
        var due = wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.FromMilliseconds(1);
        _timer ??= time.CreateTimer(static gate => ((RateGate)gate!).ReleaseDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(due < s_longest ? due : s_longest, Timeout.InfiniteTimeSpan);
    }

    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);
}
