namespace Celeriac;

/// <summary>
/// What to call, with which arguments and options: immutable data, composable, not yet sent.
/// Arguments are held as JSON, written once.
/// </summary>
public record Signature
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

    /// <summary>True where the result of the task before is not put in front of the arguments (Celery's <c>si</c>).</summary>
    public bool Immutable { get; init; }
    /// <summary>What is called with the result when the task has succeeded (Celery's <c>link</c>).</summary>
    public IReadOnlyList<Signature> Links { get; init; } = [];
    /// <summary>What is called with the task's id when it has failed (Celery's <c>link_error</c>).</summary>
    public IReadOnlyList<Signature> LinkErrors { get; init; } = [];
    /// <summary>The workflow that this is; null for a plain task.</summary>
    public CanvasNode? Canvas { get; init; }

    /// <summary>Celery's word for a kind of signature that is no node here, such as <c>xmap</c>; else null.</summary>
    internal string? SubtaskType { get; init; }

    /// <summary>The task that a map or starmap calls: it goes where that task goes.</summary>
    internal Signature? Mapped { get; init; }

    /// <summary>The rest of the chain as its message carries it: a JSON array, the next one last; empty where nothing is left.</summary>
    internal ReadOnlyMemory<byte> ChainBytes { get; init; }

    /// <summary>The body of the chord that the task belongs to, as its message carries it; empty where it belongs to none.</summary>
    internal ReadOnlyMemory<byte> ChordBytes { get; init; }

    /// <summary>This, and then the next with the result of this in front of its arguments.</summary>
    public static Signature operator |(Signature left, Signature right) => Workflow.Chain(left, right);

    /// <summary>The same with another task to be called with the result. Of a chain it is called after the last, of a group after each member.</summary>
    public Signature Link(Signature callback) => Workflow.Link(this, callback);

    /// <summary>The same with another task to be called with the failed task's id. Of a chain or group it is called whichever of its tasks fails.</summary>
    public Signature LinkError(Signature errback) => Workflow.LinkError(this, errback);

    /// <summary>The same word as <see cref="LinkError(Signature)"/>, as Celery has it.</summary>
    public Signature OnError(Signature errback) => Workflow.LinkError(this, errback);

    /// <summary>The same, ignoring the result of the task before. Of a chain that concerns its first task, of a group every member.</summary>
    public Signature AsImmutable() => Workflow.Immutable(this);

    /// <summary>The same with a result type that is known to be this. Nothing checks it before the result is read.</summary>
    public Signature<TResult> As<TResult>() => this as Signature<TResult> ?? new Signature<TResult>(this);

    /// <summary>Leaves the first parameter open for the result of the task before.</summary>
    /// <typeparam name="TIn">What the first parameter takes.</typeparam>
    /// <typeparam name="TOut">What the task returns.</typeparam>
    public Partial<TIn, TOut> AsPartial<TIn, TOut>() => new(this);
}
