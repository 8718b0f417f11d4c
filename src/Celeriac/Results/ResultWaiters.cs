using Celeriac.Messaging.Stores;

namespace Celeriac.Results;

/// <summary>
/// Who waits for which task in this process; several may wait for one. While the log of results is followed it also knows the tasks that were sent since and of which nothing
/// was written yet: who waits for one of those need not look for its result first.
/// </summary>
internal sealed class ResultWaiters
{
    private const int MostExpected = 20_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Wait> _waits = new(StringComparer.Ordinal);
    private readonly HashSet<string> _expected = new(StringComparer.Ordinal);
    private readonly AnswerLine _answers = new();
    private Exception? _closed;
    private bool _isFollowed;
    private long _lastEmptied = Environment.TickCount64;

    /// <summary>True while somebody reads the log of what is written.</summary>
    public bool IsFollowed
    {
        get
        {
            lock (_lock)
            {
                return _isFollowed;
            }
        }
    }

    /// <summary>The log is followed from here on.</summary>
    public void Follow()
    {
        lock (_lock)
        {
            _isFollowed = _closed is null;
        }
    }

    /// <summary>The log is followed no more, if nobody has waited for so long; answers whether.</summary>
    public bool TryLeave(TimeSpan idle)
    {
        lock (_lock)
        {
            if (_waits.Count > 0 || Environment.TickCount64 - _lastEmptied < idle.TotalMilliseconds)
            {
                return false;
            }
            _isFollowed = false;
            _expected.Clear();
            return true;
        }
    }

    /// <summary>A task is about to be sent under an id that nobody has used before.</summary>
    public void Expect(string taskId)
    {
        lock (_lock)
        {
            if (!_isFollowed)
            {
                return;
            }
            if (_expected.Count == MostExpected)
            {
                // Nothing is lost: who waits for one of them looks first.
                _expected.Clear();
            }
            _expected.Add(taskId);
        }
    }

    /// <summary>Waits for the record, from now on; remove the wait when it is over.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="isSure">True where nothing was written of the task yet and what will be is seen: there is no need to look.</param>
    public Wait Add(string taskId, out bool isSure)
    {
        var wait = new Wait(taskId);
        lock (_lock)
        {
            isSure = _isFollowed && _expected.Contains(taskId);
            wait.Next = _waits.GetValueOrDefault(taskId);
            _waits[taskId] = wait;
        }
        return wait;
    }

    public void Remove(Wait wait)
    {
        lock (_lock)
        {
            // One that has ended is gone already.
            if (!_waits.TryGetValue(wait.TaskId, out var present))
            {
                return;
            }
            if (present != wait)
            {
                present.Leave(wait);
                return;
            }
            if (wait.Next is { } next)
            {
                _waits[wait.TaskId] = next;
                return;
            }
            _waits.Remove(wait.TaskId);
            NoteEmptied();
        }
    }

    /// <summary>Something was written under this key; answers whether it is awaited.</summary>
    public bool Seen(string key)
    {
        lock (_lock)
        {
            _expected.Remove(key);
            return _waits.ContainsKey(key);
        }
    }

    public void Complete(ResultRecord record)
    {
        lock (_lock)
        {
            if (!_waits.Remove(record.TaskId, out var wait))
            {
                return;
            }
            NoteEmptied();
            for (; wait is not null; wait = wait.Next)
            {
                wait.Record = record;
                _answers.Add(wait);
            }
        }
        _answers.Go();
    }

    public void FailAll(Exception error)
    {
        lock (_lock)
        {
            (_closed, _isFollowed) = (error, false);
            foreach (var first in _waits.Values)
            {
                for (var wait = first; wait is not null; wait = wait.Next)
                {
                    wait.Error = error;
                    _answers.Add(wait);
                }
            }
            _waits.Clear();
        }
        _answers.Go();
    }

    private void NoteEmptied()
    {
        if (_waits.Count == 0)
        {
            _lastEmptied = Environment.TickCount64;
        }
    }

    /// <summary>One who waits. It goes on where it is told, which is a thread of the pool that holds nothing.</summary>
    internal sealed class Wait(string taskId) : TaskCompletionSource<ResultRecord>, IAnswer
    {
        public string TaskId { get; } = taskId;

        /// <summary>What has come.</summary>
        public ResultRecord? Record { get; set; }

        /// <summary>Why nothing comes any more.</summary>
        public Exception? Error { get; set; }

        /// <summary>Another one who waits for the same task.</summary>
        public Wait? Next { get; set; }

        /// <inheritdoc/>
        public void Tell() => _ = Record is { } record ? TrySetResult(record) : TrySetException(Error!);

        public void Leave(Wait gone)
        {
            var before = this;
            while (before.Next is { } next && next != gone)
            {
                before = next;
            }
            before.Next = before.Next?.Next;
        }
    }
}
