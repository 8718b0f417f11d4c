namespace Celeriac;

/// <summary>The names of Celery's task states. A task may write others of its own, for example <c>PROGRESS</c>.</summary>
public static class TaskStates
{
    /// <summary>Nothing is known of the task: it waits, or never existed.</summary>
    public const string Pending = "PENDING";
    /// <summary>A worker has the message. Only events show it.</summary>
    public const string Received = "RECEIVED";
    /// <summary>A run has begun. Written only where the task or the worker tracks it.</summary>
    public const string Started = "STARTED";
    /// <summary>A run failed, and another follows.</summary>
    public const string Retry = "RETRY";
    /// <summary>The task returned its result.</summary>
    public const string Success = "SUCCESS";
    /// <summary>The task failed for good.</summary>
    public const string Failure = "FAILURE";
    /// <summary>The task was taken back, or was received after its expiry.</summary>
    public const string Revoked = "REVOKED";
    /// <summary>The task refused its message. Only events show it.</summary>
    public const string Rejected = "REJECTED";
    /// <summary>The task asked to leave no trace.</summary>
    public const string Ignored = "IGNORED";

    /// <summary>True for a state that no other follows: SUCCESS, FAILURE, REVOKED.</summary>
    public static bool IsReady(string? state) => state is Success or Failure or Revoked;

    /// <summary>True for a state whose result is an exception: RETRY, FAILURE, REVOKED.</summary>
    public static bool IsException(string? state) => state is Retry or Failure or Revoked;
}
