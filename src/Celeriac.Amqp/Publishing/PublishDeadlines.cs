namespace Celeriac.Amqp.Publishing;

/// <summary>
/// The calls that wait for the broker's answers, the oldest first. All have the same patience, so one timer does for all, and a call that is answered costs no timer.
/// </summary>
internal sealed class PublishDeadlines : IDisposable
{
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly Action<PublishBatch> _expire;
    private readonly Lock _lock = new();
    private readonly LinkedList<PublishBatch> _waiting = new();
    private readonly ITimer _timer;
    private bool _isTicking;
    private bool _isClosed;

    /// <param name="patience">How long a call waits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="expire">Answers what has no answer.</param>
    public PublishDeadlines(TimeSpan patience, TimeProvider time, Action<PublishBatch> expire)
    {
        (_patience, _time, _expire) = (patience, time, expire);
        _timer = time.CreateTimer(static deadlines => ((PublishDeadlines)deadlines!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The call's time begins. Once closed it is over at once.</summary>
    public void Begin(PublishBatch batch)
    {
        var isLate = false;
        lock (_lock)
        {
            if (_isClosed)
            {
                isLate = true;
            }
            else
            {
                batch.Since = _time.GetTimestamp();
                batch.Place = _waiting.AddLast(batch);
                Tick(_patience);
            }
        }
        if (isLate)
        {
            _expire(batch);
        }
    }

    /// <summary>The call has its answers.</summary>
    public void End(PublishBatch batch)
    {
        lock (_lock)
        {
            if (batch.Place is { List: not null } place)
            {
                _waiting.Remove(place);
            }
        }
    }

    /// <summary>Nobody waits any longer.</summary>
    public void Close()
    {
        List<PublishBatch> left;
        lock (_lock)
        {
            _isClosed = true;
            left = [.. _waiting];
            _waiting.Clear();
        }
        left.ForEach(_expire);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        List<PublishBatch> late = [];
        lock (_lock)
        {
            _isTicking = false;
            while (_waiting.First is { } oldest)
            {
                if (_patience - _time.GetElapsedTime(oldest.Value.Since) is var left && left > TimeSpan.Zero)
                {
                    Tick(left);
                    break;
                }
                late.Add(oldest.Value);
                _waiting.RemoveFirst();
            }
        }
        late.ForEach(_expire);
    }

    private void Tick(TimeSpan after)
    {
        if (!_isTicking)
        {
            _isTicking = true;
            // Timers count whole milliseconds.
            _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(after.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        }
    }
}
