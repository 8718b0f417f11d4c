namespace Celeriac.Samples.WordCount;

/// <summary>Several worker processes: w1, w2 … Each has a queue of its own name beside the common one, so that each can be asked whether it is awake.</summary>
internal sealed class Fleet(string queue, int size) : IAsyncDisposable
{
    // Counting needs a processor more than it waits: many at once gain nothing, and what a killed worker holds must wait for its lease.
    private const string TasksAtOnce = "8";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly List<WorkerProcess> _workers =
        [.. Enumerable.Range(1, size).Select(number => WorkerProcess.Start("-n", $"{NameOf(number)}@%h", "-Q", $"{queue},{queue}.{NameOf(number)}", "-c", TasksAtOnce))];

    /// <summary>Waits until every worker has answered a task of its own.</summary>
    internal async Task AwakeAsync(CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(Enumerable.Range(1, size)
            .Select(number => WordTasks.HelloTask.With(queue: $"{queue}.{NameOf(number)}").DelayAsync(cancellationToken).AsTask()));
        await WhileWorkingAsync(Task.WhenAll(answers.Select(answer => answer.GetAsync(s_patience, cancellationToken).AsTask())));
    }

    /// <summary>Waits for something that the workers are needed for; fails when one of them ends that was not killed.</summary>
    internal Task<T> WhileWorkingAsync<T>(Task<T> task) => _workers.Aggregate(task, (awaited, worker) => worker.WhileWorkingAsync(awaited));

    /// <summary>Kills the first worker; answers its process number.</summary>
    internal async Task<int> KillOneAsync()
    {
        await _workers[0].KillAsync();
        return _workers[0].Id;
    }

    /// <summary>Asks the living to stop.</summary>
    internal Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_workers.Where(worker => worker.IsRunning).Select(worker => worker.StopAsync(cancellationToken)));

    /// <summary>Kills what still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }
    }

    private static string NameOf(int number) => $"w{number}";
}
