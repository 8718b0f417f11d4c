using System.Collections.Concurrent;

namespace Celeriac.Working;

/// <summary>
/// Threads for synchronous tasks. They may block as long as they like: heartbeats, leases and asynchronous tasks run elsewhere.
/// Threads start as work comes, up to the limit, and are kept.
/// </summary>
internal sealed class SynchronousThreads(int limit) : IDisposable
{
    private readonly BlockingCollection<WorkItem> _work = [];
    private readonly Lock _lock = new();
    private int _threads;
    private int _busy;

    public Task<ReadOnlyMemory<byte>> RunAsync(Func<ValueTask<ReadOnlyMemory<byte>>> run)
    {
        var item = new WorkItem(run, ExecutionContext.Capture());
        lock (_lock)
        {
            if (++_busy > _threads && _threads < limit)
            {
                _threads++;
                // Background: a task that never returns must not keep a stopped process alive.
                new Thread(Work) { IsBackground = true, Name = "celeriac task" }.Start();
            }
        }
        _work.Add(item);
        return item.Done.Task;
    }

    public void Dispose() => _work.CompleteAdding();

    private void Work()
    {
        foreach (var item in _work.GetConsumingEnumerable())
        {
            if (item.Context is { } context)
            {
                ExecutionContext.Run(context, static state => ((WorkItem)state!).Run(), item);
            }
            else
            {
                item.Run();
            }
            lock (_lock)
            {
                _busy--;
            }
        }
    }

    private sealed class WorkItem(Func<ValueTask<ReadOnlyMemory<byte>>> run, ExecutionContext? context)
    {
        public ExecutionContext? Context { get; } = context;
        public TaskCompletionSource<ReadOnlyMemory<byte>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Run()
        {
            try
            {
                var result = run();
                if (result.IsCompletedSuccessfully)
                {
                    Done.SetResult(result.Result);
                }
                else
                {
                    _ = FinishAsync(result);
                }
            }
            catch (Exception error)
            {
                Done.SetException(error);
            }
        }

        /// <summary>A synchronous task's invoker has ended when it returns; this serves hand-written ones that have not.</summary>
        private async Task FinishAsync(ValueTask<ReadOnlyMemory<byte>> result)
        {
            try
            {
                Done.SetResult(await result.ConfigureAwait(false));
            }
            catch (Exception error)
            {
                Done.SetException(error);
            }
        }
    }
}
