using Celeriac.Protocol;

namespace Celeriac.Results;

/// <summary>The tasks whose replies this client expects or has, oldest dropped first beyond a bound.</summary>
internal sealed class RememberedReplies(int most)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Reply>> _replies = new(StringComparer.Ordinal);
    private readonly LinkedList<Reply> _oldestFirst = new();

    public void Expect(string taskId)
    {
        lock (_lock)
        {
            if (_replies.ContainsKey(taskId))
            {
                return;
            }
            _replies.Add(taskId, _oldestFirst.AddLast(new Reply(taskId)));
            if (_replies.Count > most && _oldestFirst.First is { } oldest)
            {
                _oldestFirst.RemoveFirst();
                _replies.Remove(oldest.Value.TaskId);
                oldest.Value.Fail(new InvalidOperationException($"The result of task '{oldest.Value.TaskId}' was dropped: this client already remembers {most} later tasks. Wait for results sooner, or use a result store."));
            }
        }
    }

    public Reply? Find(string taskId)
    {
        lock (_lock)
        {
            return _replies.TryGetValue(taskId, out var node) ? node.Value : null;
        }
    }

    public void Complete(ResultRecord record) => Find(record.TaskId)?.Set(record);

    public void Forget(string taskId)
    {
        lock (_lock)
        {
            if (_replies.Remove(taskId, out var node))
            {
                _oldestFirst.Remove(node);
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

    internal sealed class Reply(string taskId)
    {
        private readonly TaskCompletionSource<ResultRecord> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string TaskId { get; } = taskId;
        public ResultRecord? Latest { get; private set; }
        public Task<ResultRecord> Ended => _ended.Task;

        public void Set(ResultRecord record)
        {
            if (_ended.Task.IsCompleted)
            {
                return;
            }
            Latest = record;
            if (TaskStates.IsReady(record.Status))
            {
                _ended.TrySetResult(record);
            }
        }

        public void Fail(Exception error)
        {
            _ended.TrySetException(error);
            // A result that nobody awaits must not surface as an unobserved exception.
            _ = _ended.Task.Exception;
        }
    }
}
