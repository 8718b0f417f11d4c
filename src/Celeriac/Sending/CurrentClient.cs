namespace Celeriac.Sending;

/// <summary>
/// Which client a static handle uses: the running task's, else the one opened with <see cref="TaskClient.Use"/>, else the process's default.
/// This file holds the only ambient state of the task layer.
/// </summary>
internal static class CurrentClient
{
    private static readonly AsyncLocal<Ambient?> s_ambient = new();
    private static readonly Lock s_lock = new();
    private static readonly List<(TaskClient Client, string Description)> s_defaults = [];

    /// <summary>The task that runs in this flow, or null.</summary>
    public static RunningTask? Task => s_ambient.Value?.Task;

    public static TaskClient Resolve()
    {
        if (s_ambient.Value is { } ambient)
        {
            return ambient.Client;
        }
        lock (s_lock)
        {
            return s_defaults.Count switch
            {
                1 => s_defaults[0].Client,
                0 => throw new InvalidOperationException(
                    "No Celeriac client is open. Start a host with AddCeleriac, open one with 'using var scope = client.Use()', or send with client.SendAsync(...)."),
                _ => throw new InvalidOperationException(
                    $"Several Celeriac clients are open ({string.Join(", ", s_defaults.Select(entry => entry.Description))}) and the call names none. Use client.SendAsync(...), With(client: ...) or 'using var scope = client.Use()'."),
            };
        }
    }

    public static Scope Enter(TaskClient client, RunningTask? task)
    {
        var scope = new Scope(s_ambient.Value);
        s_ambient.Value = new Ambient(client, task);
        return scope;
    }

    public static void AddDefault(TaskClient client, string description)
    {
        lock (s_lock)
        {
            s_defaults.Add((client, description));
        }
    }

    public static void RemoveDefault(TaskClient client)
    {
        lock (s_lock)
        {
            s_defaults.RemoveAll(entry => entry.Client == client);
        }
    }

    /// <summary>True where this flow belongs to a running task that must not wait for others.</summary>
    public static bool MustNotWait => s_ambient.Value is { Task: not null, MayWait: false };

    /// <summary>Lets this flow wait for results inside a task.</summary>
    public static IDisposable AllowWaiting()
    {
        var scope = new Scope(s_ambient.Value);
        s_ambient.Value = s_ambient.Value is { } ambient ? ambient with { MayWait = true } : null;
        return scope;
    }

    private sealed record Ambient(TaskClient Client, RunningTask? Task, bool MayWait = false);

    /// <summary>Until it is disposed. A value, because every run has one.</summary>
    internal readonly struct Scope : IDisposable
    {
        private readonly object? _previous;

        public Scope(object? previous) => _previous = previous;

        public void Dispose() => s_ambient.Value = (Ambient?)_previous;
    }
}

/// <summary>What the calls made inside a running task inherit, and the children it has sent.</summary>
internal sealed class RunningTask(string id, string rootId, byte? priority = null)
{
    // There once a child is: most tasks send nothing.
    private List<string>? _children;
    private int _added;

    public string Id { get; } = id;
    public string RootId { get; } = rootId;
    public byte? Priority { get; } = priority;

    /// <summary>How many members it has added to its chord before.</summary>
    public int NextAdded() => Interlocked.Increment(ref _added) - 1;

    public void AddChild(string id)
    {
        var children = LazyInitializer.EnsureInitialized(ref _children, static () => []);
        lock (children)
        {
            children.Add(id);
        }
    }

    public IReadOnlyList<string> Children
    {
        get
        {
            if (Volatile.Read(ref _children) is not { } children)
            {
                return [];
            }
            lock (children)
            {
                return [.. children];
            }
        }
    }
}
