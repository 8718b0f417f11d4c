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

    [LoggerMessage(7010, LogLevel.Warning, "{Server} writes no append-only file: what it confirms is lost with its process. Set appendonly yes")]
    public static partial void NotDurable(ILogger logger, string server);

    [LoggerMessage(7011, LogLevel.Warning, "{Server} throws keys away when its memory is full, queues too. Set maxmemory-policy noeviction")]
    public static partial void Evicts(ILogger logger, string server);

    [LoggerMessage(7012, LogLevel.Warning, "{Server} does not tell of changes ({Reason}): queues that are empty are looked at every second")]
    public static partial void NotTracked(ILogger logger, string server, string reason);

    [LoggerMessage(7013, LogLevel.Error, "{Count} entries of a queue were no messages; they are in the list {List}")]
    public static partial void Unreadable(ILogger logger, int count, string list);

    [LoggerMessage(7014, LogLevel.Warning, "What holder {Holder} holds could not be given back: {Reason} It comes back when the lease ends")]
    public static partial void NotReleased(ILogger logger, long holder, string reason);

    [LoggerMessage(7015, LogLevel.Warning, "A broadcast for queue {Queue} was lost: {Reason}")]
    public static partial void Unheard(ILogger logger, string queue, string reason);

    [LoggerMessage(7016, LogLevel.Warning, "{Count} messages that nobody had acknowledged for {VisibilityTimeout} were put back")]
    public static partial void Restored(ILogger logger, int count, TimeSpan visibilityTimeout);
}
