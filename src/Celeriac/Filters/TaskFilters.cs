using System.Collections.Concurrent;
using System.IO.Enumeration;

namespace Celeriac;

/// <summary>The filters of a worker, ordered. Complete it before the worker runs.</summary>
public sealed class TaskFilters
{
    private readonly List<Entry> _entries = [];
    private readonly ConcurrentDictionary<TaskDefinition, Func<TaskInvocation, ITaskFilter>[]> _byTask = new();

    /// <summary>Adds a filter of which there is one: every run calls this object, also several runs at once.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="order">Its place: the lowest is the outermost. Filters of the same order run as they were added.</param>
    /// <param name="tasks">Which tasks it is for: a name, with <c>*</c> for any text and <c>?</c> for one character; default all.</param>
    public TaskFilters Add(ITaskFilter filter, int order = 0, string tasks = "*")
    {
        ArgumentNullException.ThrowIfNull(filter);
        return Add(_ => filter, order, tasks);
    }

    /// <summary>Adds a filter that each run gets from the services of its scope.</summary>
    /// <typeparam name="TFilter">The registered service.</typeparam>
    /// <inheritdoc cref="Add(ITaskFilter, int, string)"/>
    public TaskFilters Add<TFilter>(int order = 0, string tasks = "*") where TFilter : class, ITaskFilter => Add(static run => run.Service<TFilter>(), order, tasks);

    /// <summary>Runs a task within its filters. Where there are none nothing is looked up and nothing allocated.</summary>
    internal ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation run, TaskInvoker task)
    {
        if (_entries.Count == 0)
        {
            return task(run);
        }
        return RunAsync(_byTask.GetOrAdd(run.Definition, static (definition, filters) => filters.Of(definition), this), 0, run, task);
    }

    private static ValueTask<ReadOnlyMemory<byte>> RunAsync(Func<TaskInvocation, ITaskFilter>[] filters, int index, TaskInvocation run, TaskInvoker task) =>
        index == filters.Length
            ? task(run)
            : filters[index](run).RunAsync(run, inner => RunAsync(filters, index + 1, inner, task));

    private TaskFilters Add(Func<TaskInvocation, ITaskFilter> filter, int order, string tasks)
    {
        ArgumentException.ThrowIfNullOrEmpty(tasks);
        _entries.Add(new Entry(filter, order, tasks));
        _byTask.Clear();
        return this;
    }

    private Func<TaskInvocation, ITaskFilter>[] Of(TaskDefinition task) =>
        [.. _entries.Where(entry => FileSystemName.MatchesSimpleExpression(entry.Tasks, task.Name, ignoreCase: false)).OrderBy(entry => entry.Order).Select(entry => entry.Filter)];

    private sealed record Entry(Func<TaskInvocation, ITaskFilter> Filter, int Order, string Tasks);
}
