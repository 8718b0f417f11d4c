using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>What an outcome does to the world: how the message ends, what follows from it, and what is recorded.</summary>
internal readonly record struct Effects(Settlement Settlement, ResultRecord? Record)
{
    public IReadOnlyList<Publication> FollowUps { get; init; } = [];

    /// <summary>How the workflow goes on.</summary>
    public Followed Next { get; init; } = Followed.Nothing;

    /// <summary>The task, where it ends for good with this: what it holds in shared state is released once it is applied.</summary>
    public TaskRequest? Ended { get; init; }

    /// <summary>True where the message was acknowledged before the run: what is left are the follow-ups and the record.</summary>
    public bool IsAcknowledged { get; init; }

    /// <summary>True where the run is still to come: it may end this process, and must not begin before the message is gone.</summary>
    public bool IsEarly { get; init; }

    /// <summary>
    /// The message goes back, and it counts as no death. To its place where that is possible; where the broker counts no deaths, one that has come back from
    /// a dead process before is sent anew, because such a broker tells both returns in the same way.
    /// </summary>
    public static Effects GiveBack(Delivery delivery) => delivery.Deaths is not null || Suspicion.CountOf(delivery.Message) == 0
        ? new Effects(Settlement.Requeue, null)
        : SendAnew(delivery);

    /// <summary>
    /// The same after a run that was cut short. Where the broker counts no deaths it is always sent anew: the next worker could not tell it from one whose
    /// worker has died.
    /// </summary>
    public static Effects Interrupt(Delivery delivery) => delivery.Deaths is null ? SendAnew(delivery) : GiveBack(delivery);

    private static Effects SendAnew(Delivery delivery) =>
        new(Settlement.Ack, null) { FollowUps = [Publication.ToQueue(delivery.Queue, delivery.Message with { Expiration = null })] };
}

/// <summary>Turns an outcome into its effects: one method a case, no I/O.</summary>
internal sealed class OutcomeEffects(AdmittedTask task, IReadOnlyList<string> children, string node, DateTimeOffset now, TransportCapabilities broker) : IOutcomeVisitor<Effects>
{
    // Where the broker delays nothing, a retry this near waits in the worker that gets it, by its eta. One further away would keep a slot for nothing: it is refused, in words.
    private static readonly TimeSpan s_longestWaitInWorker = TimeSpan.FromMinutes(1);

    public Effects Succeeded(Outcome.Succeeded outcome) =>
        new(Settlement.Ack, task.IgnoresResult ? null : RecordOf(task, outcome.Result, children, now));

    /// <summary>The record of a success.</summary>
    public static ResultRecord RecordOf(AdmittedTask task, ReadOnlyMemory<byte> result, IReadOnlyList<string> children, DateTimeOffset now) => new()
    {
        TaskId = task.Request.Id,
        Status = TaskStates.Success,
        Result = result,
        Children = ResultTuples.Encode(children),
        DateDone = now,
        GroupId = task.Request.GroupId,
        ParentId = task.Request.ParentId,
    };

    public Effects Failed(Outcome.Failed outcome) => new(Settlement.Ack, Failure(TaskStates.Failure, outcome.Failure))
    {
        FollowUps = outcome.Quarantine is { } reason ? [Quarantine(reason, Text(outcome.Failure))] : [],
    };

    public Effects Retrying(Outcome.Retrying outcome)
    {
        var due = now + outcome.Delay;
        var message = TaskMessageCodec.EncodeRetry(task.Request, task.Request.Retries + 1, outcome.Delay > TimeSpan.Zero ? due : null, node);
        if (outcome.Priority is { } priority)
        {
            message = message with { Priority = priority };
        }
        // To the queue itself: through a fanout exchange the retry would reach every queue again.
        return new Effects(Settlement.Ack, Failure(TaskStates.Retry, outcome.Failure))
        {
            FollowUps = [Publication.ToQueue(outcome.Queue ?? TaskQueues.OriginOf(task.Delivery.Queue), message) with { Due = broker.Delay || outcome.Delay > s_longestWaitInWorker ? broker.DueOf(due, now) : null }],
        };
    }

    public Effects Ignored(Outcome.Ignored outcome) => new(Settlement.Ack, null);

    public Effects Rejected(Outcome.Rejected outcome) => outcome.Requeue
        ? Effects.GiveBack(task.Delivery)
        : new Effects(Settlement.Ack, Failure(TaskStates.Failure, ControlFailure.Rejected(outcome.Reason)))
        {
            FollowUps = [Quarantine(QuarantineReason.Rejected, outcome.Reason)],
        };

    public Effects Expired(Outcome.Expired outcome) =>
        new(Settlement.Ack, Failure(TaskStates.Revoked, ControlFailure.Revoked("expired")));

    public Effects Revoked(Outcome.Revoked outcome) =>
        new(Settlement.Ack, Failure(TaskStates.Revoked, ControlFailure.Revoked(outcome.TerminatedBy is null ? "revoked" : "terminated")));

    public Effects Lost(Outcome.Lost outcome) => new(Settlement.Ack, null)
    {
        // As a new message: no broker counts for us the deaths that its consumer has survived.
        FollowUps = [Publication.ToQueue(task.Delivery.Queue, Died(task.Delivery.Message))],
    };

    // What was acknowledged before its run is run at most once: its caller is told that it will not end.
    public Effects Interrupted(Outcome.Interrupted outcome) => task.IsAcknowledged
        ? new(Settlement.Ack, Failure(TaskStates.Failure, ControlFailure.WorkerLost("The worker has stopped while the task ran, and its message was acknowledged before the run: it is not run again.")))
        : Effects.Interrupt(task.Delivery);

    public static string Text(TaskFailure failure) => $"{failure.Type}({string.Join(", ", failure.Arguments)})";

    private static Message Died(Message message) => message with { Headers = message.Headers.With(TaskHeader.Deaths, Suspicion.CountOf(message) + 1), Expiration = null };

    private Publication Quarantine(QuarantineReason reason, string text) => QuarantineMessage.Of(task.Delivery, reason, text, node, now);

    private ResultRecord Failure(string status, TaskFailure failure) => Record(status) with
    {
        Result = ExceptionCodec.Encode(failure),
        Traceback = failure.Traceback,
    };

    private ResultRecord Record(string status) => new()
    {
        TaskId = task.Request.Id,
        Status = status,
        Children = ResultTuples.Encode(children),
        DateDone = TaskStates.IsReady(status) ? now : null,
        GroupId = task.Request.GroupId,
        ParentId = task.Request.ParentId,
    };
}
