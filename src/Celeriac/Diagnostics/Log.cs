using Microsoft.Extensions.Logging;

namespace Celeriac.Diagnostics;

/// <summary>Every log sentence of the task layer. Event ids 2000–2999; an id is never used for another sentence.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "Worker {Node} is ready: queues {Queues}, concurrency {Concurrency}, broker {Broker}")]
    public static partial void WorkerReady(ILogger logger, string node, string queues, int concurrency, string broker);

    [LoggerMessage(2002, LogLevel.Information, "Worker {Node} is stopping: {Running} tasks may finish within {Timeout}")]
    public static partial void WorkerStopping(ILogger logger, string node, int running, TimeSpan timeout);

    [LoggerMessage(2003, LogLevel.Information, "Worker {Node} has stopped")]
    public static partial void WorkerStopped(ILogger logger, string node);

    [LoggerMessage(2004, LogLevel.Warning, "Worker {Node}: {Running} tasks did not finish in time and are cancelled; their messages go back to the queue")]
    public static partial void WorkerCancels(ILogger logger, string node, int running);

    [LoggerMessage(2007, LogLevel.Information, "Worker {Node} consumes {Queues} anew: its queues or its concurrency have changed, or a queue was gone")]
    public static partial void WorkerConsumesAnew(ILogger logger, string node, string queues);

    [LoggerMessage(2005, LogLevel.Warning, "Worker {Node} cannot receive; it tries again in {Delay}")]
    public static partial void ReceiveFailed(ILogger logger, Exception error, string node, TimeSpan delay);

    [LoggerMessage(2006, LogLevel.Critical, "Worker {Node} has failed; the host stops")]
    public static partial void WorkerFailed(ILogger logger, Exception error, string node);

    [LoggerMessage(2010, LogLevel.Debug, "Task {TaskName}[{TaskId}] received from queue {Queue}")]
    public static partial void TaskReceived(ILogger logger, string taskName, string taskId, string queue);

    [LoggerMessage(2011, LogLevel.Information, "Task {TaskName}[{TaskId}] succeeded in {RuntimeMs} ms")]
    public static partial void TaskSucceeded(ILogger logger, string taskName, string taskId, long runtimeMs);

    [LoggerMessage(2012, LogLevel.Warning, "Task {TaskName}[{TaskId}] will be retried in {Delay}: {Reason}")]
    public static partial void TaskRetried(ILogger logger, string taskName, string taskId, TimeSpan delay, string reason);

    [LoggerMessage(2013, LogLevel.Error, "Task {TaskName}[{TaskId}] failed: {Reason}")]
    public static partial void TaskFailed(ILogger logger, string taskName, string taskId, string reason);

    [LoggerMessage(2014, LogLevel.Information, "Task {TaskName}[{TaskId}] was not run: it had expired")]
    public static partial void TaskExpired(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2015, LogLevel.Information, "Task {TaskName}[{TaskId}] was ignored at its own request")]
    public static partial void TaskIgnored(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2016, LogLevel.Warning, "Task {TaskName}[{TaskId}] rejected its message: {Reason}")]
    public static partial void TaskRejected(ILogger logger, string taskName, string taskId, string reason);

    [LoggerMessage(2017, LogLevel.Information, "Task {TaskName}[{TaskId}] was interrupted; its message goes back to the queue")]
    public static partial void TaskInterrupted(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2018, LogLevel.Error, "A message from queue {Queue} was put into quarantine ({Reason}): {Text}")]
    public static partial void Quarantined(ILogger logger, string queue, string reason, string text);

    [LoggerMessage(2019, LogLevel.Warning, "The outcome of task {TaskName}[{TaskId}] was refused: its message belongs to another worker by now, because this one lost its lease")]
    public static partial void OutcomeLost(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2020, LogLevel.Warning, "The outcome of task {TaskName}[{TaskId}] could not be applied; it is tried again in {Delay}")]
    public static partial void OutcomeDelayed(ILogger logger, Exception error, string taskName, string taskId, TimeSpan delay);

    [LoggerMessage(2021, LogLevel.Error, "The outcome of task {TaskName}[{TaskId}] could not be applied before the worker stopped; its message will be delivered again")]
    public static partial void OutcomeAbandoned(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2022, LogLevel.Error, "Task {TaskName}[{TaskId}] passed its hard time limit of {Limit} and was abandoned; its code may still be running")]
    public static partial void TaskAbandoned(ILogger logger, string taskName, string taskId, TimeSpan limit);

    [LoggerMessage(2023, LogLevel.Warning, "State {State} of task {TaskName}[{TaskId}] could not be written; the task runs all the same")]
    public static partial void StateNotWritten(ILogger logger, Exception error, string taskName, string taskId, string state);

    [LoggerMessage(2024, LogLevel.Information, "Task {TaskName}[{TaskId}] was not run: it was revoked")]
    public static partial void TaskRevoked(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2025, LogLevel.Warning, "Task {TaskName}[{TaskId}] was terminated by remote control ({Signal})")]
    public static partial void TaskTerminated(ILogger logger, string taskName, string taskId, string signal);

    [LoggerMessage(2026, LogLevel.Information, "Task {TaskName}[{TaskId}] is not known here; it went back to queue {Queue} for its owner (try {Try} of {MostTries})")]
    public static partial void TaskPassedOn(ILogger logger, string taskName, string taskId, string queue, int @try, int mostTries);

    [LoggerMessage(2027, LogLevel.Error, "Task {TaskName}[{TaskId}] is a part of a chord, which this version does not follow: the task runs, the chord does not go on. Route the tasks of chords to Python workers")]
    public static partial void WorkflowNotFollowed(ILogger logger, string taskName, string taskId);

    [LoggerMessage(2028, LogLevel.Error, "Task {TaskName}[{TaskId}]: the worker failed around the run, which is a fault of Celeriac; its message was not acknowledged and will be delivered again")]
    public static partial void RunFailed(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2180, LogLevel.Warning, "Task {TaskName}[{TaskId}] has come back {Deaths} times from processes that died; it runs alone next, from queue {Queue}")]
    public static partial void RunsAlone(ILogger logger, string taskName, string taskId, int deaths, string queue);

    [LoggerMessage(2181, LogLevel.Information, "Task {TaskName}[{TaskId}] came back to queue {Queue}, perhaps from a process that died over it (return {Deaths}; at {MostDeaths} it is put aside)")]
    public static partial void CameBack(ILogger logger, string taskName, string taskId, string queue, int deaths, int mostDeaths);

    [LoggerMessage(2030, LogLevel.Warning, "Results cannot be read at the moment; reading is tried again")]
    public static partial void ResultsUnreadable(ILogger logger, Exception error);

    [LoggerMessage(2031, LogLevel.Warning, "A reply with correlation id {CorrelationId} is no result record and was dropped")]
    public static partial void ReplyUnreadable(ILogger logger, string correlationId);

    [LoggerMessage(2032, LogLevel.Debug, "Reply queue {Queue} could not be deleted when its client was closed; it expires, or the next client of this machine takes it over")]
    public static partial void ReplyQueueLeft(ILogger logger, Exception error, string queue);

    [LoggerMessage(2100, LogLevel.Warning, "Shared state cannot be reached to {What} task {TaskName}[{TaskId}]; what is left there expires by itself")]
    public static partial void HeldStateKept(ILogger logger, Exception error, string what, string taskName, string taskId);

    [LoggerMessage(2101, LogLevel.Warning, "Worker {Node} cannot read what is revoked in shared state; it goes on with what it knows and tries again")]
    public static partial void RevocationsUnread(ILogger logger, Exception error, string node);

    [LoggerMessage(2102, LogLevel.Warning, "Worker {Node} could not keep a revocation in shared state: workers that are away will not know of it")]
    public static partial void RevocationNotKept(ILogger logger, Exception error, string node);

    [LoggerMessage(2103, LogLevel.Warning, "State file {Path} is damaged and was put aside; the worker begins without what it held")]
    public static partial void StateFileDamaged(ILogger logger, Exception error, string path);

    [LoggerMessage(2104, LogLevel.Error, "State file {Path} could not be written: what is revoked would be forgotten with this worker. Give it the right to write there, or name another file")]
    public static partial void StateFileNotWritten(ILogger logger, Exception error, string path);

    [LoggerMessage(2120, LogLevel.Information, "Child process {ProcessId} of worker {Node} is ready")]
    public static partial void ChildStarted(ILogger logger, int processId, string node);

    [LoggerMessage(2121, LogLevel.Error, "A child process of worker {Node} could not be started: {Reason}. It is tried again in {Delay}; until then its tasks wait")]
    public static partial void ChildNotStarted(ILogger logger, string node, string reason, TimeSpan delay);

    [LoggerMessage(2122, LogLevel.Warning, "Child process {ProcessId} of worker {Node} has ended unasked ({Status}) and is replaced")]
    public static partial void ChildGone(ILogger logger, int processId, string node, string status);

    [LoggerMessage(2123, LogLevel.Information, "Child process {ProcessId} has run {Runs} tasks and is replaced")]
    public static partial void ChildSpent(ILogger logger, int processId, int runs);

    [LoggerMessage(2124, LogLevel.Information, "Child process {ProcessId} holds {Kibibytes} KiB after its task, more than {Limit}, and is replaced")]
    public static partial void ChildTooLarge(ILogger logger, int processId, long kibibytes, int limit);

    [LoggerMessage(2125, LogLevel.Error, "Task {TaskName}[{TaskId}] passed its hard time limit of {Limit}; child process {ProcessId} is killed")]
    public static partial void ChildOutOfTime(ILogger logger, string taskName, string taskId, TimeSpan limit, int processId);

    [LoggerMessage(2126, LogLevel.Warning, "Event {Type} of task {TaskName}[{TaskId}] could not be sent")]
    public static partial void ChildEventLost(ILogger logger, Exception error, string type, string taskName, string taskId);

    [LoggerMessage(2127, LogLevel.Error, "Task {TaskName}[{TaskId}] goes back to its queue: {Reason}")]
    public static partial void TaskLost(ILogger logger, string taskName, string taskId, string reason);

    [LoggerMessage(2128, LogLevel.Warning, "MaxTasksPerChild and MaxMemoryPerChild do nothing with pool {Pool}: they need pool processes")]
    public static partial void ChildLimitsIdle(ILogger logger, string pool);

    [LoggerMessage(2140, LogLevel.Error, "{Hook} of the hooks of task {TaskName}[{TaskId}] threw; the outcome of the task stays as it is")]
    public static partial void HookFailed(ILogger logger, Exception error, string hook, string taskName, string taskId);

    [LoggerMessage(2141, LogLevel.Warning, "Task {TaskName}[{TaskId}] is retried after its own delay: asking its exception when to retry has failed")]
    public static partial void RetryHintFailed(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2142, LogLevel.Warning, "The progress of task {TaskName}[{TaskId}] could not be stored; the task runs on")]
    public static partial void ProgressNotStored(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2040, LogLevel.Error, "Task {TaskName}[{TaskId}] has run, but what should come after it cannot be sent; it counts as failed and its message is put aside")]
    public static partial void WorkflowBroken(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2041, LogLevel.Error, "Task {TaskName}[{TaskId}] has failed, and its errbacks cannot be sent")]
    public static partial void ErrbackBroken(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2200, LogLevel.Information, "Worker {Node} does not listen to remote control: broker {Broker} has no fanout exchanges")]
    public static partial void ControlImpossible(ILogger logger, string node, string broker);

    [LoggerMessage(2201, LogLevel.Warning, "Worker {Node} does not hear remote control; it tries again in {Delay}")]
    public static partial void ControlFailed(ILogger logger, Exception error, string node, TimeSpan delay);

    [LoggerMessage(2202, LogLevel.Error, "Worker {Node}: remote control failed unexpectedly; it begins anew")]
    public static partial void ControlBroken(ILogger logger, Exception error, string node);

    [LoggerMessage(2203, LogLevel.Warning, "Worker {Node} dropped a remote control message: {Reason}")]
    public static partial void ControlDropped(ILogger logger, string node, string reason);

    [LoggerMessage(2204, LogLevel.Warning, "Worker {Node}: remote control command {Command} failed: {Reason}")]
    public static partial void CommandFailed(ILogger logger, string node, string command, string reason);

    [LoggerMessage(2205, LogLevel.Debug, "Worker {Node} could not answer a remote control command; its caller may be gone")]
    public static partial void ReplyNotSent(ILogger logger, Exception error, string node);

    [LoggerMessage(2206, LogLevel.Information, "Tasks revoked by remote control: {Tasks}")]
    public static partial void TasksRevoked(ILogger logger, string tasks);

    [LoggerMessage(2207, LogLevel.Information, "Rate limit of task {TaskName} is now {Limit}")]
    public static partial void RateLimitChanged(ILogger logger, string taskName, string limit);

    [LoggerMessage(2208, LogLevel.Information, "Time limits of task {TaskName} are now soft {Soft}, hard {Hard}")]
    public static partial void TimeLimitsChanged(ILogger logger, string taskName, TimeSpan? soft, TimeSpan? hard);

    [LoggerMessage(2209, LogLevel.Information, "Worker {Node} now runs {Concurrency} tasks at once")]
    public static partial void ConcurrencyChanged(ILogger logger, string node, int concurrency);

    [LoggerMessage(2210, LogLevel.Warning, "Worker {Node} was asked to shut down: {Reason}")]
    public static partial void ShutdownAsked(ILogger logger, string node, string reason);

    [LoggerMessage(2211, LogLevel.Information, "Worker {Node} now consumes queue {Queue} too")]
    public static partial void ConsumerAdded(ILogger logger, string node, string queue);

    [LoggerMessage(2212, LogLevel.Information, "Worker {Node} no longer consumes queue {Queue}")]
    public static partial void ConsumerCancelled(ILogger logger, string node, string queue);

    [LoggerMessage(2213, LogLevel.Debug, "Worker {Node} has learnt from {Neighbour} what is revoked")]
    public static partial void Mingled(ILogger logger, string node, string neighbour);

    [LoggerMessage(2214, LogLevel.Debug, "Worker {Node} could not ask its neighbours what is revoked")]
    public static partial void MingleFailed(ILogger logger, Exception error, string node);

    [LoggerMessage(2215, LogLevel.Warning, "Worker {Node} does not hear elections; it tries again in {Delay}")]
    public static partial void ElectionsUnheard(ILogger logger, Exception error, string node, TimeSpan delay);

    [LoggerMessage(2216, LogLevel.Debug, "Worker {Node} could not ask who else consumes its queues")]
    public static partial void NeighboursUnknown(ILogger logger, Exception error, string node);

    [LoggerMessage(2217, LogLevel.Information, "Worker {Node} shares queue {Queues} with {Neighbour}, which knows the same tasks")]
    public static partial void NeighbourAlike(ILogger logger, string node, string neighbour, string queues);

    [LoggerMessage(2218, LogLevel.Warning, "Worker {Node} shares queue {Queues} with {Neighbour}, but not all tasks. Only here: {OnlyHere}. Only there: {OnlyThere}. Give each its own queue (task_routes in Python), or a task may meet a worker that does not know it")]
    public static partial void NeighbourDiffers(ILogger logger, string node, string neighbour, string queues, string onlyHere, string onlyThere);

    [LoggerMessage(2219, LogLevel.Warning, "Worker {Node} sends results to {Results}, but {Neighbour} on the same queue to {Theirs}: a caller waits in vain where it looks elsewhere. Set result_backend alike")]
    public static partial void NeighbourResultsDiffer(ILogger logger, string node, string results, string neighbour, string theirs);

    [LoggerMessage(2220, LogLevel.Warning, "An answer to command {Command} was left out, because it cannot be read: {Reason} This is told once")]
    public static partial void AnswerUnreadable(ILogger logger, string command, string reason);

    [LoggerMessage(2221, LogLevel.Debug, "The workers could not be asked for a heartbeat; their next ones come by themselves")]
    public static partial void WorkersNotWoken(ILogger logger, Exception error);

    [LoggerMessage(2060, LogLevel.Information, "{Node} sends no events: broker {Broker} has no topic exchanges that could carry them")]
    public static partial void EventsImpossible(ILogger logger, string node, string broker);

    [LoggerMessage(2061, LogLevel.Warning, "The broker refuses the events of {Node}; they are dropped until it takes them")]
    public static partial void EventsRefused(ILogger logger, Exception error, string node);

    [LoggerMessage(2062, LogLevel.Warning, "{Node} has dropped its {Dropped} oldest events, because they could not be sent for too long")]
    public static partial void EventsDropped(ILogger logger, string node, long dropped);

    [LoggerMessage(2063, LogLevel.Warning, "An event of type {Type} could not be written and was left out")]
    public static partial void EventNotWritten(ILogger logger, Exception error, string type);

    [LoggerMessage(2064, LogLevel.Warning, "Events cannot be received at the moment; it is tried again in {Delay}")]
    public static partial void EventsUnreadable(ILogger logger, Exception error, TimeSpan delay);

    [LoggerMessage(2065, LogLevel.Debug, "Event queue {Queue} could not be deleted when its receiver was closed; it expires, or the next receiver of this machine takes it over")]
    public static partial void EventQueueLeft(ILogger logger, Exception error, string queue);
}
