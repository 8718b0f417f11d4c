using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>Where runs happen: in this process, or in children of it. Nobody else knows the difference.</summary>
internal interface ITaskPool : IAsyncDisposable
{
    /// <summary>What remote control tells of it.</summary>
    PoolFacts Facts { get; }

    /// <summary>Makes room for as many runs at once. What runs is not disturbed.</summary>
    void Resize(int size);

    /// <summary>Begins anew with fresh processes, each after its run; false where there are none.</summary>
    bool Restart();

    /// <summary>Waits for a place for one run; null where the worker stops before there is one.</summary>
    ValueTask<ITaskPlace?> TakeAsync(CancellationToken stop);
}

/// <summary>A place for one run. Disposing gives it back.</summary>
internal interface ITaskPlace : IDisposable
{
    /// <summary>The process that runs the task.</summary>
    int ProcessId { get; }

    /// <summary>Runs the task and says how it ended. Never throws for what a task does.</summary>
    /// <param name="task">The task.</param>
    /// <param name="running">Gets the children that the run sends.</param>
    /// <param name="stopping">Fires when the worker no longer waits for its tasks.</param>
    ValueTask<Outcome> RunAsync(AdmittedTask task, RunningTask running, CancellationToken stopping);
}

/// <summary>What a pool tells of itself (CELERY-PROTOCOL section 15.4).</summary>
internal sealed record PoolFacts(string Implementation, IReadOnlyList<int> Processes)
{
    public int MaxTasksPerChild { get; init; }

    public int MaxMemoryPerChild { get; init; }

    /// <summary>True where a task is only handed over to a process that is free.</summary>
    public bool IsGuarded { get; init; }
}
