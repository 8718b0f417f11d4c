namespace Celeriac;

/// <summary>Where a worker runs its tasks.</summary>
public enum WorkerPool
{
    /// <summary>In the worker's process: asynchronous tasks side by side, synchronous ones on threads of their own. Celery's <c>threads</c>.</summary>
    Threads,

    /// <summary>In the worker's process, one task at a time. Celery's <c>solo</c>.</summary>
    Solo,

    /// <summary>In child processes of the worker, one task at a time in each: for code that must be killable, or that may kill its process. Celery's <c>prefork</c>.</summary>
    Processes,
}

/// <summary>The names of the pools, Celery's among them.</summary>
internal static class WorkerPoolNames
{
    public static IReadOnlyList<string> All { get; } = ["threads", "processes", "prefork", "solo"];

    public static WorkerPool? Find(string name) => name.Trim().ToLowerInvariant() switch
    {
        "threads" => WorkerPool.Threads,
        "solo" => WorkerPool.Solo,
        "processes" or "prefork" => WorkerPool.Processes,
        _ => null,
    };

    public static string NameOf(WorkerPool pool) => pool switch
    {
        WorkerPool.Threads => "threads",
        WorkerPool.Solo => "solo",
        WorkerPool.Processes => "processes",
        _ => throw new ArgumentOutOfRangeException(nameof(pool), pool, "There is no such pool."),
    };
}
