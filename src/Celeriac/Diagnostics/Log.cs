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

    [LoggerMessage(2028, LogLevel.Error, "Task {TaskName}[{TaskId}]: the worker failed around the run, which is a fault of Celeriac; its message was not acknowledged and will be delivered again")]
    public static partial void RunFailed(ILogger logger, Exception error, string taskName, string taskId);

    [LoggerMessage(2165, LogLevel.Error, "Task {TaskName}[{TaskId}] {Why} and still runs on {Node} {Patience} later: its code does not look at its token. Only the end of the process stops it; 'inspect stats' lists such runs")]
    public static partial void RunStuck(ILogger logger, string taskName, string taskId, string node, string why, TimeSpan patience);

    [LoggerMessage(2166, LogLevel.Information, "Task {TaskName}[{TaskId}], which {Why}, has returned on {Node} after {Time} more")]
    public static partial void StuckRunReturned(ILogger logger, string taskName, string taskId, string node, string why, TimeSpan time);

    [LoggerMessage(2180, LogLevel.Warning, "Task {TaskName}[{TaskId}] has come back {Deaths} times from processes that died; it runs alone next, from queue {Queue}")]
    public static partial void RunsAlone(ILogger logger, string taskName, string taskId, int deaths, string queue);

    [LoggerMessage(2181, LogLevel.Information, "Task {TaskName}[{TaskId}] came back to queue {Queue}, perhaps from a process that died over it (return {Deaths}; at {MostDeaths} it is put aside)")]
    public static partial void CameBack(ILogger logger, string taskName, string taskId, string queue, int deaths, int mostDeaths);

    [LoggerMessage(2182, LogLevel.Warning, "Message {MessageId} of task {TaskName} was removed from {Quarantine} for good, because {Why}. It was put aside as {Reason}: {Text}")]
    public static partial void QuarantineTrimmed(ILogger logger, string messageId, string taskName, string quarantine, string why, string reason, string text);

    [LoggerMessage(2183, LogLevel.Warning, "{Quarantine} could not be kept within its bounds; it is tried again later")]
    public static partial void QuarantineNotTrimmed(ILogger logger, Exception error, string quarantine);

    [LoggerMessage(2184, LogLevel.Information, "Broker {Broker} does not count messages: quarantine_max_count ({MaxCount}) has no effect there, quarantine_max_age has")]
    public static partial void QuarantineNotCounted(ILogger logger, string broker, int maxCount);

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

    [LoggerMessage(2170, LogLevel.Warning, "Queue {Queue} exists with other properties than the options ask for, and is used as it is: {Reason} To change it, let workers empty it, delete it and start them again; or make the options alike")]
    public static partial void QueueTakenAsItIs(ILogger logger, string queue, string reason);

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

    [LoggerMessage(2190, LogLevel.Warning, "Worker {Node} cannot reach shared state: tasks with limits over all workers wait until it answers. This is told once")]
    public static partial void LimitsAway(ILogger logger, Exception error, string node);

    [LoggerMessage(2191, LogLevel.Information, "Worker {Node} reaches shared state again; tasks with limits go on")]
    public static partial void LimitsBack(ILogger logger, string node);

    [LoggerMessage(2192, LogLevel.Warning, "Worker {Node} has paused queues {Queues}: nothing of them is begun until they are resumed")]
    public static partial void QueuesPaused(ILogger logger, string node, string queues);

    [LoggerMessage(2193, LogLevel.Information, "Worker {Node} has resumed queues {Queues}")]
    public static partial void QueuesResumed(ILogger logger, string node, string queues);

    [LoggerMessage(2194, LogLevel.Warning, "Worker {Node} cannot read in shared state which queues are paused; it goes on with what it knows and tries again")]
    public static partial void PausesUnread(ILogger logger, Exception error, string node);

    [LoggerMessage(2195, LogLevel.Debug, "Task {TaskName}[{TaskId}] is over its limit and goes back to queue {Queue} for {Delay}")]
    public static partial void LimitDeferred(ILogger logger, string taskName, string taskId, string queue, TimeSpan delay);

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

    [LoggerMessage(2150, LogLevel.Warning, "Soft shutdown of {Node}: the {Running} running tasks have {Limit} to finish, then they are cancelled and given back")]
    public static partial void SoftShutdown(ILogger logger, string node, int running, TimeSpan limit);

    [LoggerMessage(2151, LogLevel.Information, "{Node} runs {Running} tasks of at most {Concurrency} and holds {Waiting} more")]
    public static partial void RunsDumped(ILogger logger, string node, int running, int concurrency, int waiting);

    [LoggerMessage(2152, LogLevel.Information, "Running: {TaskName}[{TaskId}] from queue {Queue}, for {Age}, after {Retries} retries")]
    public static partial void RunDumped(ILogger logger, string taskName, string taskId, string queue, TimeSpan age, int retries);

    [LoggerMessage(2153, LogLevel.Information, "{Node} now runs at most {Concurrency} tasks at once (autoscale {Maximum},{Minimum})")]
    public static partial void Autoscaled(ILogger logger, string node, int concurrency, int maximum, int minimum);

    [LoggerMessage(2154, LogLevel.Information, "{Node} has begun {Number} tasks, as many as worker_max_tasks allows, and stops: its supervisor is to start it again")]
    public static partial void MaxTasksReached(ILogger logger, string node, int number);

    [LoggerMessage(2155, LogLevel.Information, "{Node} answers probes at {Address}")]
    public static partial void ProbeListens(ILogger logger, string node, System.Net.IPEndPoint address);

    [LoggerMessage(2156, LogLevel.Warning, "The probe of {Node} could not take a connection; it tries again")]
    public static partial void ProbeFaulted(ILogger logger, Exception error, string node);

    [LoggerMessage(2157, LogLevel.Warning, "Task {TaskName}[{TaskId}] from queue {Queue} is unacknowledged for {Age}: after {Limit} the broker takes its message back and gives it to another. Raise the limit (consumer_timeout), split the task, or set AcksLate to false for it")]
    public static partial void AcknowledgeSoon(ILogger logger, string taskName, string taskId, string queue, TimeSpan age, TimeSpan limit);

    [LoggerMessage(2158, LogLevel.Error, "The broker has taken back what {Node} held, and its runs are cancelled ({Number} tasks): {Reason}")]
    public static partial void TakenBack(ILogger logger, string node, int number, string reason);
}
