using System.Collections.Concurrent;

namespace Celeriac.Results;

/// <summary>Who waits for which task in this process. Several may wait for one task.</summary>
internal sealed class ResultWaiters
{
    private readonly ConcurrentDictionary<string, Waiter> _waiters = new(StringComparer.Ordinal);

    public bool IsEmpty => _waiters.IsEmpty;

    public bool IsAwaited(string taskId) => _waiters.ContainsKey(taskId);

    /// <summary>Waits for the record, from now on; dispose the wait when it is over.</summary>
    public Wait Add(string taskId)
    {
        while (true)
        {
            var waiter = _waiters.GetOrAdd(taskId, static _ => new Waiter());
            lock (waiter)
            {
                if (!waiter.IsGone)
                {
                    waiter.Count++;
                    return new Wait(this, taskId, waiter);
                }
            }
        }
    }

    public void Complete(ResultRecord record)
    {
        if (_waiters.TryGetValue(record.TaskId, out var waiter))
        {
            waiter.Source.TrySetResult(record);
        }
    }

    public void FailAll(Exception error)
    {
        foreach (var waiter in _waiters.Values)
        {
            waiter.Source.TrySetException(error);
        }
    }

    internal sealed class Waiter
    {
        public TaskCompletionSource<ResultRecord> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public int Count { get; set; }
        public bool IsGone { get; set; }
    }

    internal readonly struct Wait(ResultWaiters owner, string taskId, Waiter waiter) : IDisposable
    {
        public Task<ResultRecord> Record => waiter.Source.Task;

        public void Dispose()
        {
            lock (waiter)
            {
                if (--waiter.Count == 0)
                {
                    waiter.IsGone = true;
                    owner._waiters.TryRemove(new(taskId, waiter));
                }
            }
        }
    }
}
