namespace Celeriac;

/// <summary>
/// What to call, with which arguments and options: immutable data, composable, not yet sent.
/// Arguments are held as JSON, written once.
/// </summary>
public partial record Signature
{
    private static readonly ReadOnlyMemory<byte> s_noArgs = "[]"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> s_noKwargs = "{}"u8.ToArray();

    /// <summary>A signature without arguments.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public Signature(string task)
    {
        ArgumentException.ThrowIfNullOrEmpty(task);
        Task = task;
    }

    /// <summary>The task's name.</summary>
    public string Task { get; }
    /// <summary>The positional arguments: a JSON array in UTF-8.</summary>
    public ReadOnlyMemory<byte> Args { get; init; } = s_noArgs;
    /// <summary>The keyword arguments: a JSON object in UTF-8.</summary>
    public ReadOnlyMemory<byte> Kwargs { get; init; } = s_noKwargs;
    /// <summary>How it is sent.</summary>
    public SendOptions Options { get; init; } = SendOptions.None;
    /// <summary>What the task's declaration says, where the task is declared in this program.</summary>
    public TaskOptions? Declared { get; init; }

    /// <summary>The task's parameters, where it is declared in this program.</summary>
    internal IReadOnlyList<TaskParameter>? Parameters { get; init; }

    /// <summary>The same with other options. Of a chain or group they are those of each task in it, but for the id, which is that of the whole.</summary>
    public Signature Set(Func<SendOptions, SendOptions> change) => Workflow.Set(this, change);

    /// <summary>The same with these positional arguments.</summary>
    public Signature WithArgs<T>(T argument) => this with { Args = new ArgumentWriter().Add(argument).Finish() };
    /// <summary>The same with these positional arguments.</summary>
    public Signature WithArgs<T1, T2>(T1 first, T2 second) => this with { Args = new ArgumentWriter().Add(first).Add(second).Finish() };
    /// <summary>The same with these positional arguments.</summary>
    public Signature WithArgs<T1, T2, T3>(T1 first, T2 second, T3 third) => this with { Args = new ArgumentWriter().Add(first).Add(second).Add(third).Finish() };
}
