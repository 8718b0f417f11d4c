using System.Collections.Frozen;

namespace Celeriac.Working;

/// <summary>The tasks that run here, by name.</summary>
internal sealed class TaskRuntimes
{
    private readonly FrozenDictionary<string, TaskRuntime> _byName;
    private readonly FrozenDictionary<string, TaskRuntime> _builtin;

    /// <exception cref="ArgumentException">A task's rate limit cannot be read.</exception>
    public TaskRuntimes(TaskRegistry registry, TimeProvider time, RunLimits? limits = null)
    {
        _byName = registry.All.Where(task => task.Invoker is not null)
            .ToFrozenDictionary(task => task.Name, task => new TaskRuntime(task, new RateGate(LimitOf(task), time), limits), StringComparer.Ordinal);
        _builtin = new BuiltinTasks(registry).All.ToFrozenDictionary(task => task.Name, task => new TaskRuntime(task, new RateGate(null, time), limits), StringComparer.Ordinal);
    }

    /// <summary>All of them, by name, without Celery's own.</summary>
    public IEnumerable<TaskRuntime> All => _byName.Values.OrderBy(task => task.Definition.Name, StringComparer.Ordinal);

    /// <summary>How many runs have begun, of all tasks.</summary>
    public long Started => _byName.Values.Sum(task => task.Started);

    /// <summary>Counts the messages of no task known here.</summary>
    public TaskCounters Others { get; } = new();

    public WorkerCounters CountersOf(TasksInHand inHand) => new(
        _byName.ToFrozenDictionary(task => task.Key, task => task.Value.Counters, StringComparer.Ordinal), Others,
        () => (inHand.Count, inHand.Active, inHand.At(TaskStage.Scheduled).Count()));

    public TaskRuntime? Find(string name) => _byName.GetValueOrDefault(name) ?? _builtin.GetValueOrDefault(name);

    private static RateLimit? LimitOf(TaskDefinition task) => task.Options.RateLimitScope == LimitScope.Cluster ? null : RateLimit.TryParse(task.Options.RateLimit, out var limit)
        ? limit
        : throw new ArgumentException($"RateLimit of task '{task.Name}' is '{task.Options.RateLimit}', but must be a number with /s, /m or /h. Write for example 10/m.");
}
