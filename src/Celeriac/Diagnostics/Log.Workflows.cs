using Microsoft.Extensions.Logging;

namespace Celeriac.Diagnostics;

/// <summary>What is said of workflows.</summary>
internal static partial class Log
{
    [LoggerMessage(2027, LogLevel.Error, "Task {TaskName}[{TaskId}] is a part of a chord, which this version does not follow: the task runs, the chord does not go on. Route the tasks of chords to Python workers")]
    public static partial void WorkflowNotFollowed(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2230, LogLevel.Error, "Task {TaskName}[{TaskId}] has run, but what should come after it cannot be sent; it counts as failed and its message is put aside")]
    public static partial void WorkflowBroken(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2231, LogLevel.Error, "Task {TaskName}[{TaskId}] has failed, and its errbacks cannot be sent")]
    public static partial void ErrbackBroken(ILogger logger, Exception error, string taskName, string taskId);
}
