using System.Text.RegularExpressions;

namespace Celeriac;

/// <summary>
/// Which tasks go where; Celery's <c>task_routes</c>. A call's own options win, then the task's attribute, then the first route that matches, then the default queue.
/// </summary>
/// <remarks>
/// Names and patterns added one after the other are one table, as a dictionary is in Celery: a whole name wins over a pattern, patterns are tried in the order in which they
/// were added, and a name or glob added again replaces its route. A function stands for itself: it is asked after what was added before it and before what comes after.
/// </remarks>
public sealed class TaskRoutes
{
    private readonly List<Func<Signature, TaskRoute?>> _routers = [];
    private Table? _open;

    /// <summary>True where nothing was added.</summary>
    public bool IsEmpty => _routers.Count == 0;

    /// <summary>Sends tasks to a queue.</summary>
    /// <param name="task">
    /// A task's name, or a glob such as <c>feeds.*</c>, in which <c>*</c> is at least one character. As in Celery a glob is held against the beginning of the name:
    /// <c>*.add</c> matches <c>math.add_all</c> too.
    /// </param>
    /// <param name="queue">The queue.</param>
    /// <exception cref="ArgumentException">A text is empty.</exception>
    public TaskRoutes Add(string task, string queue)
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        return Add(task, new TaskRoute { Queue = queue });
    }

    /// <inheritdoc cref="Add(string, string)"/>
    /// <param name="task">A task's name, or a glob such as <c>feeds.*</c>.</param>
    /// <param name="route">Where they go.</param>
    public TaskRoutes Add(string task, TaskRoute route)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        ArgumentNullException.ThrowIfNull(route);
        Open().Add(task, route);
        return this;
    }

    /// <summary>Sends the tasks whose name the expression matches to a queue.</summary>
    public TaskRoutes Add(Regex tasks, string queue)
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        return Add(tasks, new TaskRoute { Queue = queue });
    }

    /// <summary>Routes the tasks whose name the expression matches (<see cref="Regex.IsMatch(string)"/>).</summary>
    public TaskRoutes Add(Regex tasks, TaskRoute route)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        ArgumentNullException.ThrowIfNull(route);
        Open().Add(tasks, route);
        return this;
    }

    /// <summary>Asks a function, which sees the call with its name, arguments and options; null where it has nothing to say.</summary>
    public TaskRoutes Add(Func<Signature, TaskRoute?> router)
    {
        ArgumentNullException.ThrowIfNull(router);
        _open = null;
        _routers.Add(router);
        return this;
    }

    /// <summary>The first route that matches; null for none.</summary>
    internal TaskRoute? Find(Signature signature)
    {
        foreach (var router in _routers)
        {
            if (router(signature) is { } route)
            {
                return route;
            }
        }
        return null;
    }

    /// <summary>The same routes, which later changes do not reach.</summary>
    internal TaskRoutes Copy()
    {
        var copy = new TaskRoutes();
        copy._routers.AddRange(_routers.Select(router => router.Target is Table table ? new Table(table).Find : router));
        return copy;
    }

    private Table Open()
    {
        if (_open is null)
        {
            _open = new Table();
            _routers.Add(_open.Find);
        }
        return _open;
    }

    private sealed class Table
    {
        private readonly Dictionary<string, TaskRoute> _names = new(StringComparer.Ordinal);
        private readonly List<(string? Glob, Regex Pattern, TaskRoute Route)> _patterns = [];

        public Table()
        {
        }

        public Table(Table other)
        {
            _names = new(other._names, StringComparer.Ordinal);
            _patterns = [.. other._patterns];
        }

        public void Add(string task, TaskRoute route)
        {
            if (!task.Contains('*', StringComparison.Ordinal))
            {
                _names[task] = route;
                return;
            }
            var pattern = new Regex($@"\A{Regex.Escape(task).Replace(@"\*", ".+?", StringComparison.Ordinal)}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
            var place = _patterns.FindIndex(entry => entry.Glob == task);
            if (place >= 0)
            {
                _patterns[place] = (task, pattern, route);
            }
            else
            {
                _patterns.Add((task, pattern, route));
            }
        }

        public void Add(Regex tasks, TaskRoute route) => _patterns.Add((null, tasks, route));

        public TaskRoute? Find(Signature signature)
        {
            if (_names.TryGetValue(signature.Task, out var exact))
            {
                return exact;
            }
            foreach (var (_, pattern, route) in _patterns)
            {
                if (pattern.IsMatch(signature.Task))
                {
                    return route;
                }
            }
            return null;
        }
    }
}
