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
    /// <summary>The remote exception's arguments, joined; for a .NET exception its message.</summary>
    public string RemoteMessage { get; }
    /// <summary>The remote traceback, if any.</summary>
    public string? Traceback { get; }

    /// <summary>The exception with the remote traceback under it.</summary>
    public override string ToString() => Traceback is null ? base.ToString() : $"{base.ToString()}{Environment.NewLine}--- remote traceback ---{Environment.NewLine}{Traceback}";
}

/// <summary>
/// Thrown by a task to choose exactly what the caller sees: type, module and arguments of the remote exception (CELERY-PROTOCOL section 12.3).
/// </summary>
public class CeleryException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="type">The exception class, for example <c>ValueError</c>.</param>
    /// <param name="module">Its module, for example <c>builtins</c>.</param>
    /// <param name="arguments">The constructor arguments.</param>
    public CeleryException(string type, string module, params string[] arguments) : base(string.Join(", ", arguments))
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
    public IReadOnlyList<string> Arguments { get; }
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

/// <summary>Thrown by a task to refuse its message (Celery's <c>Reject</c>): back to the queue, or to the quarantine.</summary>
public sealed class TaskRejectException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TaskRejectException(string reason, bool requeue = false) : base(reason) => Requeue = requeue;

    /// <summary>True returns the message to its queue.</summary>
    public bool Requeue { get; }
}
