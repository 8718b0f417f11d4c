using Celeriac.Events;

namespace Celeriac;

/// <summary>
/// A picture of the fleet in memory, made of its events: which workers live, and the life of each task. It keeps what was changed last, so that it never grows
/// beyond its limits. Safe from any thread.
/// </summary>
/// <example>
/// <code>
/// var cluster = new ClusterState();
/// await using var receiver = client.Events.Receive();
/// await foreach (var happened in receiver)
/// {
///     cluster.Apply(happened);
///     Console.WriteLine($"{cluster.Workers.Count(worker => worker.IsAlive)} workers, {cluster.Tasks(TaskStates.Failure).Count} failures");
/// }
/// </code>
/// </example>
public sealed class ClusterState
{
    private const int LongestName = 255;
    private const int MostTypes = 1_000;
    private readonly Lock _lock = new();
    private readonly RecentItems<ClusterTask> _tasks;
    private readonly RecentItems<ClusterWorker> _workers;
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;

    /// <summary>An empty picture.</summary>
    /// <param name="maxTasks">How many tasks it remembers. Default 10,000.</param>
    /// <param name="maxWorkers">How many workers it remembers. Default 5,000.</param>
    /// <param name="time">The clock that decides which workers are alive.</param>
    public ClusterState(int maxTasks = 10_000, int maxWorkers = 5_000, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTasks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxWorkers, 1);
        _tasks = new RecentItems<ClusterTask>(maxTasks);
        _workers = new RecentItems<ClusterWorker>(maxWorkers);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>How many events of each type were applied.</summary>
    public IReadOnlyDictionary<string, long> EventCounts
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<string, long>(_counts, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>The workers by name, dead ones included.</summary>
    public IReadOnlyList<ClusterWorker> Workers
    {
        get
        {
            var now = _time.GetUtcNow();
            lock (_lock)
            {
                return [.. _workers.Items.Select(worker => worker.At(now)).OrderBy(worker => worker.Hostname, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The tasks that fit, the one that changed last first.</summary>
    /// <param name="state">Only those in this state, see <see cref="TaskStates"/>.</param>
    /// <param name="name">Only those of this name.</param>
    /// <param name="worker">Only those of this worker.</param>
    /// <param name="limit">At most so many.</param>
    public IReadOnlyList<ClusterTask> Tasks(string? state = null, string? name = null, string? worker = null, int limit = int.MaxValue)
    {
        lock (_lock)
        {
            return
            [
                .. _tasks.Items
                    .Where(task => (state is null || task.State == state) && (name is null || task.Name == name) && (worker is null || task.Worker == worker))
                    .Take(limit),
            ];
        }
    }

    /// <summary>A task by its id; null where nothing is known of it, or not any more.</summary>
    public ClusterTask? FindTask(string taskId)
    {
        ArgumentNullException.ThrowIfNull(taskId);
        lock (_lock)
        {
            return _tasks.TryGet(taskId, out var task) ? task : null;
        }
    }

    /// <summary>A worker by its node name; null where nothing is known of it.</summary>
    public ClusterWorker? FindWorker(string hostname)
    {
        ArgumentNullException.ThrowIfNull(hostname);
        lock (_lock)
        {
            return _workers.TryGet(hostname, out var worker) ? worker.At(_time.GetUtcNow()) : null;
        }
    }

    /// <summary>Takes an event into the picture. Any event will do; what is no news about a worker or task only counts.</summary>
    public void Apply(CeleryEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        lock (_lock)
        {
            Count(happened.Type);
            // A name that cannot be one is not kept: it would be the way to fill the memory.
            if (happened.Hostname is { Length: > 0 and <= LongestName } hostname && (happened.Group is "worker" or "task") && happened.Type != EventTypes.TaskSent)
            {
                // A task's event is a sign of life of its worker, too.
                _workers.Set(hostname, ClusterReading.Apply(_workers.TryGet(hostname, out var known) ? known : new ClusterWorker { Hostname = hostname }, happened));
            }
            if (happened.Group == "task" && happened.TaskId is { Length: > 0 and <= LongestName } id)
            {
                _tasks.Set(id, ClusterReading.Apply(_tasks.TryGet(id, out var known) ? known : new ClusterTask { Id = id }, happened));
            }
        }
    }

    private void Count(string type)
    {
        if (_counts.ContainsKey(type) || _counts.Count < MostTypes)
        {
            _counts[type] = _counts.GetValueOrDefault(type) + 1;
        }
    }
}
