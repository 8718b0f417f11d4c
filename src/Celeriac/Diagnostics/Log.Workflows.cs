using Microsoft.Extensions.Logging;

namespace Celeriac.Diagnostics;

/// <summary>What is said of workflows.</summary>
internal static partial class Log
{
    [LoggerMessage(2230, LogLevel.Error, "Task {TaskName}[{TaskId}] has run, but what should come after it cannot be sent; it counts as failed and its message is put aside")]
    public static partial void WorkflowBroken(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2231, LogLevel.Error, "Task {TaskName}[{TaskId}] has failed, and its errbacks cannot be sent")]
    public static partial void ErrbackBroken(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2232, LogLevel.Error, "Task {TaskId} is a member of chord {GroupId}, which cannot be counted here: there is no shared state. Its body will not come. Give this worker the result_backend or state_store of who sent the chord")]
    public static partial void ChordUnknown(ILogger logger, string taskId, string groupId);

    [LoggerMessage(2233, LogLevel.Warning, "What is kept of chord {GroupId}, which is done with, could not be deleted; it expires")]
    public static partial void ChordNotForgotten(ILogger logger, Exception error, string groupId);

    [LoggerMessage(2234, LogLevel.Warning, "Chord {GroupId} was complete and its body {BodyId} had not been sent; it is sent now")]
    public static partial void ChordReleased(ILogger logger, string groupId, string bodyId);

    [LoggerMessage(2235, LogLevel.Error, "Chord {GroupId} has waited too long: {Ended} of {Size} members have ended, and none in {Deadline}. Its body {BodyId} ends as FAILURE")]
    public static partial void ChordTooLate(ILogger logger, string groupId, int ended, int size, TimeSpan deadline, string bodyId);

    [LoggerMessage(2236, LogLevel.Warning, "The chords under way could not be looked through; the next look is in {Pause}")]
    public static partial void ChordsNotSwept(ILogger logger, Exception error, TimeSpan pause);

    [LoggerMessage(2237, LogLevel.Error, "The members of chord {GroupId} have ended, but its body is no signature and cannot be sent")]
    public static partial void ChordBodyUnreadable(ILogger logger, Exception error, string groupId);

    [LoggerMessage(2238, LogLevel.Warning, "Shared state cannot tell whether task {TaskName}[{TaskId}], the body of a chord, has run already; it runs")]
    public static partial void OnceUnknown(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2239, LogLevel.Information, "Task {TaskName}[{TaskId}], the body of a chord, has run already; this message of it is dropped")]
    public static partial void OnceDropped(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2240, LogLevel.Information, "Task {TaskName}[{TaskId}] is replaced by another that has its id")]
    public static partial void TaskReplaced(ILogger logger, string taskName, string taskId);
}
