namespace Celeriac;

/// <summary>How often a run's progress is written: ten times a second, however often the task tells it, and the end of it always.</summary>
internal sealed class ProgressThrottle
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private long? _last;
    private bool _wasComplete;

    /// <summary>True where this one is to be written.</summary>
    public bool Passes(TaskProgress progress, TimeProvider time)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var isComplete = progress.Current >= progress.Total && progress.Total > 0;
            if (_last is { } last && time.GetElapsedTime(last, now) < s_interval && (!isComplete || _wasComplete))
            {
                return false;
            }
            _last = now;
            _wasComplete = isComplete;
            return true;
        }
    }
}
