using System.Runtime.InteropServices;
using Celeriac.Protocol;

namespace Celeriac.Redis.Results;

/// <summary>
/// Who waits for which task in this process. A task is subscribed to while somebody waits for it; the two steps of one task never overtake each other.
/// </summary>
internal sealed class AwaitedResults(Func<string, Task> subscribe, Func<string, Task> unsubscribe)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Awaited> _awaited = new(StringComparer.Ordinal);

    /// <summary>The tasks that somebody waits for.</summary>
    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (_lock)
            {
                return [.. _awaited.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key)];
            }
        }
    }

    /// <summary>Waits from now on; dispose the wait when it is over.</summary>
    public Wait Add(string taskId)
    {
        lock (_lock)
        {
            ref var awaited = ref CollectionsMarshal.GetValueRefOrAddDefault(_awaited, taskId, out _);
            awaited ??= new Awaited();
            if (awaited.Count++ == 0)
            {
                awaited.Source = new TaskCompletionSource<ResultRecord>(TaskCreationOptions.RunContinuationsAsynchronously);
                awaited.Last = ThenAsync(awaited.Last, subscribe, taskId);
            }
            else if (awaited.Last.IsFaulted)
            {
                awaited.Last = ThenAsync(Task.CompletedTask, subscribe, taskId);
            }
            return new Wait(this, taskId, awaited.Source.Task, awaited.Last);
        }
    }

    /// <summary>A record is known: where it ends the task, who waits for it has it.</summary>
    public void Complete(ResultRecord record)
    {
        if (!TaskStates.IsReady(record.Status))
        {
            return;
        }
        lock (_lock)
        {
            _awaited.GetValueOrDefault(record.TaskId)?.Source.TrySetResult(record);
        }
    }

    /// <summary>What a task has left cannot be read: who waits for it is told.</summary>
    public void Fail(string taskId, Exception error)
    {
        lock (_lock)
        {
            if (_awaited.GetValueOrDefault(taskId) is { } awaited)
            {
                awaited.Source.TrySetException(error);
                // Nobody may be waiting any more.
                _ = awaited.Source.Task.Exception;
            }
        }
    }

    public void FailAll(Exception error)
    {
        lock (_lock)
        {
            foreach (var awaited in _awaited.Values)
            {
                awaited.Source.TrySetException(error);
                // Nobody may be waiting any more.
                _ = awaited.Source.Task.Exception;
            }
        }
    }

    private void Leave(string taskId)
    {
        lock (_lock)
        {
            if (_awaited.TryGetValue(taskId, out var awaited) && --awaited.Count == 0)
            {
                awaited.Last = ThenAsync(awaited.Last, unsubscribe, taskId);
                _ = ForgetAsync(taskId, awaited, awaited.Last);
            }
        }
    }

    private static async Task ThenAsync(Task before, Func<string, Task> step, string taskId)
    {
        // Not under the lock of the caller.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        await step(taskId).ConfigureAwait(false);
    }

    private async Task ForgetAsync(string taskId, Awaited awaited, Task unsubscribed)
    {
        await unsubscribed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (awaited.Count == 0 && awaited.Last == unsubscribed)
            {
                _awaited.Remove(taskId);
            }
        }
    }

    private sealed class Awaited
    {
        public TaskCompletionSource<ResultRecord> Source { get; set; } = new();
        public int Count { get; set; }
        public Task Last { get; set; } = Task.CompletedTask;
    }

    internal readonly struct Wait(AwaitedResults owner, string taskId, Task<ResultRecord> record, Task subscribed) : IDisposable
    {
        /// <summary>Ends when the task has ended.</summary>
        public Task<ResultRecord> Record => record;

        /// <summary>Ends when the server has the subscription: what is written from then on is heard.</summary>
        public Task Subscribed => subscribed;

        public void Dispose() => owner.Leave(taskId);
    }
}
