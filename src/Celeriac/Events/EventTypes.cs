namespace Celeriac.Events;

/// <summary>The names of Celery's events.</summary>
internal static class EventTypes
{
    public const string WorkerOnline = "worker-online";
    public const string WorkerHeartbeat = "worker-heartbeat";
    public const string WorkerOffline = "worker-offline";
    public const string TaskSent = "task-sent";
    public const string TaskReceived = "task-received";
    public const string TaskStarted = "task-started";
    public const string TaskSucceeded = "task-succeeded";
    public const string TaskFailed = "task-failed";
    public const string TaskRetried = "task-retried";
    public const string TaskRejected = "task-rejected";
    public const string TaskRevoked = "task-revoked";
}
