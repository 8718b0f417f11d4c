namespace Celeriac;

/// <summary>A call's arguments do not fit the task's parameters. Python's TypeError on the wire.</summary>
public sealed class TaskArgumentException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TaskArgumentException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>
/// A task failed in another process. Type, message and traceback are text as the other side wrote them: no type is ever looked up from the wire.
/// </summary>
public sealed class RemoteTaskException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RemoteTaskException(string taskId, string state, string remoteType, string? remoteModule, IReadOnlyList<string> arguments, string? traceback)
        : base($"Task {taskId} ended as {state}: {remoteType}({string.Join(", ", arguments)})")
    {
        TaskId = taskId;
        State = state;
        RemoteType = remoteType;
        RemoteModule = remoteModule;
        RemoteArguments = arguments;
        RemoteMessage = string.Join(", ", arguments);
        Traceback = traceback;
    }

    /// <summary>The task.</summary>
    public string TaskId { get; }
    /// <summary>FAILURE or REVOKED.</summary>
    public string State { get; }
    /// <summary>The remote exception's type name, for example <c>ValueError</c>.</summary>
    public string RemoteType { get; }
    /// <summary>The Python module or .NET namespace of the type.</summary>
    public string? RemoteModule { get; }
    /// <summary>The remote exception's arguments: a text as it is, anything else as JSON (<c>42</c>, <c>null</c>, <c>{"a": 1}</c>).</summary>
    public IReadOnlyList<string> RemoteArguments { get; }
    /// <summary>The remote exception's arguments, joined; for a .NET exception its message.</summary>
    public string RemoteMessage { get; }
    /// <summary>The remote traceback, if any.</summary>
    public string? Traceback { get; }

    /// <summary>The exception with the remote traceback under it.</summary>
    public override string ToString() => Traceback is null ? base.ToString() : $"{base.ToString()}{Environment.NewLine}--- remote traceback ---{Environment.NewLine}{Traceback}";
}

/// <summary>
/// Thrown by a task to choose exactly what the caller sees: type, module and arguments of the remote exception. A Python caller gets the class itself if it
/// has imported the module, else one made up with that name.
/// </summary>
public class CeleryException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="type">The exception class, for example <c>ValueError</c>.</param>
    /// <param name="module">Its module, for example <c>builtins</c>.</param>
    /// <param name="arguments">The constructor arguments. Null, truth values and numbers travel as such; anything else as its text.</param>
    public CeleryException(string type, string module, params object?[] arguments) : base(string.Join(", ", arguments))
    {
        RemoteType = type;
        RemoteModule = module;
        Arguments = arguments;
    }

    /// <summary>The exception class.</summary>
    public string RemoteType { get; }
    /// <summary>Its module.</summary>
    public string RemoteModule { get; }
    /// <summary>The constructor arguments.</summary>
    public IReadOnlyList<object?> Arguments { get; }
}

/// <summary>
/// Says which Python exception an exception class is to a Python caller: <c>[CeleryException("OutOfStock", "shop.errors")]</c>. Its only argument there is the message;
/// throw <see cref="CeleryException"/> for others. Holds for derived classes too. Without it, common exceptions of .NET become Python's
/// (<see cref="ArgumentException"/> is <c>ValueError</c>), and any other keeps its name and namespace.
/// </summary>
/// <param name="type">The exception class, for example <c>ValueError</c>.</param>
/// <param name="module">Its module, for example <c>builtins</c>.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class CeleryExceptionAttribute(string type, string module) : Attribute
{
    /// <summary>The exception class.</summary>
    public string Type { get; } = type;

    /// <summary>Its module.</summary>
    public string Module { get; } = module;
}

/// <summary>Asks the worker to run the task again later. Made by <see cref="TaskContext.Retry"/> and thrown by the task.</summary>
public sealed class TaskRetryException : Exception
{
    internal TaskRetryException(TaskRequest request, Exception? cause, TimeSpan? countdown, int? maxRetries)
        : base($"Task {request.Task}[{request.Id}] asked to be retried{(cause is null ? "." : $": {cause.Message}")}", cause)
    {
        Countdown = countdown;
        MaxRetries = maxRetries;
    }

    /// <summary>The time asked for; wins over <see cref="Countdown"/>.</summary>
    public DateTimeOffset? Eta { get; init; }
    /// <summary>The queue asked for; null for the one it came from.</summary>
    public string? Queue { get; init; }
    /// <summary>The priority asked for; null for the one it came with.</summary>
    public byte? Priority { get; init; }
    /// <summary>The delay asked for; null for the task's own.</summary>
    public TimeSpan? Countdown { get; }
    /// <summary>The limit asked for; null for the task's own.</summary>
    public int? MaxRetries { get; }
}

/// <summary>Thrown by a task to end without a result or a state change (Celery's <c>Ignore</c>).</summary>
public sealed class TaskIgnoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TaskIgnoreException(string message = "The task asked to be ignored.") : base(message)
    {
    }
}

/// <summary>Ends a run in favour of another task or workflow, which takes its place. Made and thrown by <c>context.ReplaceAsync</c>.</summary>
public sealed class TaskReplaceException : Exception
{
    internal TaskReplaceException(TaskRequest request, ReadOnlyMemory<byte> replacement)
        : base($"Task {request.Task}[{request.Id}] is replaced. Let this exception pass: the worker acts on it.") => Replacement = replacement;

    /// <summary>What takes the task's place, as Celery's JSON.</summary>
    internal ReadOnlyMemory<byte> Replacement { get; }
}

/// <summary>Thrown by a task to refuse its message (Celery's <c>Reject</c>): back to the queue, or to the quarantine.</summary>
public sealed class TaskRejectException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TaskRejectException(string reason, bool requeue = false) : base(reason) => Requeue = requeue;

    /// <summary>True returns the message to its queue.</summary>
    public bool Requeue { get; }
}
