using Celeriac.Messaging.Stores;
using Celeriac.Protocol;

namespace Celeriac.Results;

/// <summary>
/// The tasks whose replies this client expects or has. Bounded in three ways: what is older than results live, what is beyond the most that is
/// remembered, and what was awaited already beyond the last few are forgotten, each oldest first.
/// </summary>
internal sealed class RememberedReplies(int most, int mostTaken, TimeSpan lifetime, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Reply> _oldestFirst = new();
    private readonly LinkedList<Reply> _taken = new();
    private readonly AnswerLine _answers = new();

    /// <summary>A reply will come; called before its task is sent.</summary>
    public void Expect(string taskId)
    {
        lock (_lock)
        {
            Sweep();
            if (_entries.ContainsKey(taskId))
            {
                return;
            }
            _entries.Add(taskId, new Entry(_oldestFirst.AddLast(new Reply(taskId, time.GetTimestamp(), _answers))));
            if (_oldestFirst.Count > most)
            {
                Drop(_oldestFirst.First!.Value, $"this client already remembers {most} later tasks. Wait for results sooner, or use a result store.");
            }
        }
    }

    /// <summary>What is expected or known; null where it was never expected here, or is forgotten.</summary>
    public Reply? Find(string taskId)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(taskId)?.Node.Value;
        }
    }

    public void Complete(ResultRecord record) => Find(record.TaskId)?.Set(record);

    /// <summary>A reply has come that cannot be read; false where it is not expected.</summary>
    public bool Refuse(string taskId, Exception error)
    {
        if (Find(taskId) is not { } reply)
        {
            return false;
        }
        reply.Refuse(error);
        return true;
    }

    /// <summary>A waiter has the value: it is kept for a second look, but not for long.</summary>
    public void Taken(Reply reply)
    {
        lock (_lock)
        {
            if (_entries.GetValueOrDefault(reply.TaskId) is not { IsTaken: false } entry || entry.Node.Value != reply)
            {
                return;
            }
            _oldestFirst.Remove(entry.Node);
            _taken.AddLast(entry.Node);
            entry.IsTaken = true;
            if (_taken.Count > mostTaken)
            {
                _entries.Remove(_taken.First!.Value.TaskId);
                _taken.RemoveFirst();
            }
        }
    }

    public void Forget(string taskId)
    {
        lock (_lock)
        {
            if (_entries.Remove(taskId, out var entry))
            {
                entry.Node.List!.Remove(entry.Node);
            }
        }
    }

    public void FailAll(Exception error)
    {
        lock (_lock)
        {
            foreach (var reply in _oldestFirst)
            {
                reply.Fail(error);
            }
        }
    }

    private void Sweep()
    {
        while (_oldestFirst.First is { } oldest && lifetime > TimeSpan.Zero && time.GetElapsedTime(oldest.Value.ExpectedAt) > lifetime)
        {
            Drop(oldest.Value, $"result_expires is {lifetime}, and nobody awaited it so long. Wait for results sooner, or raise result_expires.");
        }
    }

    private void Drop(Reply reply, string reason)
    {
        _oldestFirst.Remove(_entries[reply.TaskId].Node);
        _entries.Remove(reply.TaskId);
        reply.Fail(new InvalidOperationException($"The result of task '{reply.TaskId}' was dropped: {reason}"));
    }

    private sealed class Entry(LinkedListNode<Reply> node)
    {
        public LinkedListNode<Reply> Node => node;
        public bool IsTaken { get; set; }
    }

    /// <param name="taskId">The task.</param>
    /// <param name="expectedAt">A timestamp: since when it is expected.</param>
    /// <param name="answers">Where its waiters go on: those whose replies came together do so in one piece of work.</param>
    internal sealed class Reply(string taskId, long expectedAt, AnswerLine answers) : IAnswer
    {
        private readonly TaskCompletionSource<ResultRecord> _ended = new();
        // The record it ended with, or why it ends without one.
        private object? _end;

        public string TaskId => taskId;
        public long ExpectedAt => expectedAt;
        public ResultRecord? Latest { get; private set; }
        /// <summary>Why its reply cannot be read.</summary>
        public Exception? Refused { get; private set; }
        public Task<ResultRecord> Ended => _ended.Task;

        public void Set(ResultRecord record)
        {
            if (Volatile.Read(ref _end) is not null)
            {
                return;
            }
            Latest = record;
            if (TaskStates.IsReady(record.Status))
            {
                End(record);
            }
        }

        public void Refuse(Exception error)
        {
            if (Volatile.Read(ref _end) is null)
            {
                Refused = error;
                Fail(error);
            }
        }

        public void Fail(Exception error) => End(error);

        /// <inheritdoc/>
        public void Tell()
        {
            if (_end is ResultRecord record)
            {
                _ended.SetResult(record);
                return;
            }
            _ended.SetException((Exception)_end!);
            // A result that nobody awaits must not surface as an unobserved exception.
            _ = _ended.Task.Exception;
        }

        private void End(object end)
        {
            if (Interlocked.CompareExchange(ref _end, end, null) is null)
            {
                answers.Add(this);
                answers.Go();
            }
        }
    }
}
