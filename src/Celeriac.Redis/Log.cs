using Microsoft.Extensions.Logging;

namespace Celeriac.Redis;

/// <summary>Every log sentence of this assembly. Event ids 7000–7999; an id is never used for another sentence.</summary>
internal static partial class Log
{
    [LoggerMessage(7000, LogLevel.Information, "Connected to {Server}")]
    public static partial void ConnectionMade(ILogger logger, string server);

    [LoggerMessage(7001, LogLevel.Warning, "The connection to {Server} was lost: {Reason}. It is made again")]
    public static partial void ConnectionLost(ILogger logger, string server, string reason);

    [LoggerMessage(7002, LogLevel.Warning, "Awaited results could not be read and are read again soon: {Reason}")]
    public static partial void AwaitedUnread(ILogger logger, string reason);

    [LoggerMessage(7003, LogLevel.Error, "Awaited results could not be read in a way that was not foreseen; they are read again soon")]
    public static partial void AwaitedFaulted(ILogger logger, Exception error);

    [LoggerMessage(7004, LogLevel.Warning, "What was published as the result of task {TaskId} is no record of Celery's; it is passed over")]
    public static partial void ResultUnreadable(ILogger logger, string taskId);

    [LoggerMessage(7005, LogLevel.Warning, "{Server} did not answer the goodbye; the connection is dropped")]
    public static partial void NotLeft(ILogger logger, string server);
}
