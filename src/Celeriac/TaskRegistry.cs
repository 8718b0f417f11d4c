using System.Collections.Frozen;

namespace Celeriac;

/// <summary>The tasks that a client or worker knows, by name.</summary>
public sealed class TaskRegistry
{
    private readonly FrozenDictionary<string, TaskDefinition> _tasks;

    /// <summary>Creates a registry.</summary>
    /// <exception cref="ArgumentException">Two different tasks have one name.</exception>
    public TaskRegistry(IEnumerable<TaskDefinition> tasks)
    {
        var byName = new Dictionary<string, TaskDefinition>(StringComparer.Ordinal);
        foreach (var task in tasks)
        {
            if (!byName.TryAdd(task.Name, task) && !ReferenceEquals(byName[task.Name], task))
            {
                throw new ArgumentException($"Two tasks are named '{task.Name}': {byName[task.Name].Method} and {task.Method}. Give one of them another name in its [Task] attribute.", nameof(tasks));
            }
        }
        _tasks = byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The names, sorted.</summary>
    public IEnumerable<string> Names => _tasks.Keys.Order(StringComparer.Ordinal);

    /// <summary>Every task.</summary>
    public IEnumerable<TaskDefinition> All => _tasks.Values;

    /// <summary>The task of that name that runs here, or null.</summary>
    public TaskDefinition? FindRunnable(string name) => _tasks.TryGetValue(name, out var task) && task.Invoker is not null ? task : null;

    /// <summary>The task of that name, or null.</summary>
    public TaskDefinition? Find(string name) => _tasks.GetValueOrDefault(name);
}
