namespace Celeriac.Protocol;

/// <summary>The failures that a worker itself writes, with Celery's names.</summary>
internal static class ControlFailure
{
    private const string CeleryExceptions = "celery.exceptions";
    private const string BilliardExceptions = "billiard.exceptions";

    /// <summary>Taken back: <c>revoked</c>, <c>expired</c> or <c>terminated</c>.</summary>
    public static TaskFailure Revoked(string why) => new("TaskRevokedError", CeleryExceptions, [why], null);

    /// <summary>The worker has no such task.</summary>
    public static TaskFailure NotRegistered(string task) => new("NotRegistered", CeleryExceptions, [task], null);

    /// <summary>No more retries, and no exception to blame.</summary>
    public static TaskFailure MaxRetriesExceeded(TaskRequest request) => new(
        "MaxRetriesExceededError", CeleryExceptions,
        [$"Can't retry {request.Task}[{request.Id}] args:{request.ArgsRepr ?? "()"} kwargs:{request.KwargsRepr ?? "{}"}"], null);

    /// <summary>The task refused its message.</summary>
    public static TaskFailure Rejected(string reason) => new("Reject", CeleryExceptions, [reason], null);

    /// <summary>The task asked to be ignored; for those who wait for what should have come after it.</summary>
    public static TaskFailure Ignored(string taskId) => new("Ignore", CeleryExceptions, [$"Task {taskId} asked to be ignored."], null);

    /// <summary>The hard time limit, in seconds.</summary>
    public static TaskFailure TimeLimitExceeded(TimeSpan limit) =>
        ExceptionArguments.Failure("TimeLimitExceeded", BilliardExceptions, [limit.TotalSeconds], null);

    /// <summary>The soft time limit.</summary>
    public static TaskFailure SoftTimeLimitExceeded(string? traceback = null) => new("SoftTimeLimitExceeded", BilliardExceptions, [], traceback);

    /// <summary>The result is longer than results may be.</summary>
    public static TaskFailure ResultTooLarge(string task, long bytes, long most) => new("ResultTooLarge", "celeriac", [TooLarge($"Task '{task}' returned", bytes, most)], null);

    /// <summary>What to say of a result or state that is too large.</summary>
    public static string TooLarge(string what, long bytes, long most) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{what} {bytes} bytes of JSON, but at most {most} are kept (result_max_bytes). Store large data elsewhere and return where it is, set IgnoreResult, or raise the limit.");

    /// <summary>The process that ran the task died.</summary>
    public static TaskFailure WorkerLost(string text) => new("WorkerLostError", BilliardExceptions, [text], null);
}
