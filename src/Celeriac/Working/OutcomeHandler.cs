using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Applies outcomes: follow-ups, result and settlement as one <see cref="Completion"/>. What fails on the way is tried again until the worker gives up;
/// then the message is simply not acknowledged and will be delivered again.
/// </summary>
internal sealed class OutcomeHandler(ITransport transport, IResultStore results, TaskQueues queues, WorkerEvents events, string node, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(5);
    private readonly CompletionBuilder _builder = new(transport, results, queues);

    /// <summary>What a record tells beside Celery's own members.</summary>
    public TaskRecords Records { get; init; } = TaskRecords.Plain;

    /// <summary>How many bytes of JSON a result may have.</summary>
    public int MaxResultBytes { get; init; } = int.MaxValue;

    /// <summary>What comes after tasks.</summary>
    public required Following Following { get; init; }

    /// <summary>What tasks hold in shared state.</summary>
    public required HeldState Held { get; init; }

    /// <summary>The tasks whose counters are kept; null for none.</summary>
    public TaskRuntimes? Counted { get; init; }

    /// <summary>Hears of each message that was put aside.</summary>
    public required QuarantineKeeper Aside { get; init; }

    /// <summary>True where the task will not run again.</summary>
    public static bool IsLast(Outcome outcome) => outcome is not (Outcome.Retrying or Outcome.Interrupted or Outcome.Lost or Outcome.Rejected { Requeue: true });

    /// <summary>Applies how a task ended. Answers whether it was applied as it is.</summary>
    public ValueTask<bool> ApplyAsync(AdmittedTask task, Outcome outcome, IReadOnlyList<string> children, TimeSpan runtime, CancellationToken giveUp) =>
        outcome is Outcome.Succeeded success && IsPlain(task, success) ? ApplyPlainAsync(task, success, children, runtime, giveUp) : ApplyAnyAsync(task, outcome, children, runtime, giveUp);

    /// <summary>The common end: a success that nothing follows. There is one wait in it, for the commit.</summary>
    private bool IsPlain(AdmittedTask task, Outcome.Succeeded success) =>
        (task.TakenBackBecause is null || task.IsAcknowledged) && (success.Result.Length <= MaxResultBytes || task.IgnoresResult) && Following.IsNothing(task.Request);

    private ValueTask<bool> ApplyPlainAsync(AdmittedTask task, Outcome.Succeeded success, IReadOnlyList<string> children, TimeSpan runtime, CancellationToken giveUp)
    {
        var record = task.IgnoresResult ? null : Records.Extend(OutcomeEffects.RecordOf(task, success.Result, children, time.GetUtcNow()), task.Request);
        OutcomeLog.Succeeded(log, task, runtime);
        var effects = new Effects(Settlement.Ack, record) { Ended = task.Request, IsAcknowledged = task.IsAcknowledged };
        return CommitAsync(task.Delivery, effects, task.Request.ReplyTo, task.Request.Task, task.Request.Id, giveUp, new TaskEnd(task, success, runtime));
    }

    private async ValueTask<bool> ApplyAnyAsync(AdmittedTask task, Outcome outcome, IReadOnlyList<string> children, TimeSpan runtime, CancellationToken giveUp)
    {
        if (task.TakenBackBecause is not null && !task.IsAcknowledged)
        {
            // Somebody else runs it, or already has: nothing of this run counts.
            Log.OutcomeLost(log, task.Request.Task, task.Request.Id);
            return false;
        }
        if (outcome is not Outcome.Succeeded && await HasCompletedItselfAsync(task, giveUp).ConfigureAwait(false))
        {
            outcome = new Outcome.Succeeded(task.CompletedAs);
        }
        if (outcome is Outcome.Succeeded { Result.Length: var bytes } && bytes > MaxResultBytes && !task.IgnoresResult)
        {
            outcome = new Outcome.Failed(ControlFailure.ResultTooLarge(task.Request.Task, bytes, MaxResultBytes), null);
        }
        var next = outcome switch
        {
            Outcome.Succeeded success => await Following.SucceededAsync(task.Request, success.Result, giveUp).ConfigureAwait(false),
            Outcome.Ignored { Replacement: { IsEmpty: false } replacement } => await Following.ReplacedAsync(task.Request, replacement, giveUp).ConfigureAwait(false),
            _ => Followed.Nothing,
        };
        outcome = next.Fault is { } fault ? new Outcome.Failed(fault, QuarantineReason.OutcomeRefused) : outcome;
        var effects = outcome.Accept(new OutcomeEffects(task, next.WithChildren(children), node, time.GetUtcNow(), transport.Capabilities)) with { Next = next };
        effects = outcome is Outcome.Ignored { Replacement.IsEmpty: true } ? await IgnoredAsync(effects, task.Request, giveUp).ConfigureAwait(false) : await TellAsync(effects, task.Request, giveUp).ConfigureAwait(false);
        effects = effects with { Record = Records.Extend(effects.Record, task.Request), Ended = IsLast(outcome) ? task.Request : null };
        OutcomeLog.Write(log, task, outcome, runtime);
        // The next run may be received before the commit has returned here, and its news must not come first.
        var isToldFirst = outcome is Outcome.Retrying;
        if (isToldFirst)
        {
            OutcomeEvents.Send(events, task, outcome, runtime);
            await Held.RetryingAsync(task.Request, ((Outcome.Retrying)outcome).Delay).ConfigureAwait(false);
        }
        var end = new TaskEnd(task, outcome, runtime) { IsTold = isToldFirst };
        return await CommitAsync(task.Delivery, effects with { IsAcknowledged = task.IsAcknowledged }, task.Request.ReplyTo, task.Request.Task, task.Request.Id, giveUp, end).ConfigureAwait(false);
    }

    /// <summary>True where a transaction of the task's own has decided: what its method did after the commit changes nothing.</summary>
    private async ValueTask<bool> HasCompletedItselfAsync(AdmittedTask task, CancellationToken giveUp)
    {
        while (task.Delivery.WasCommittedAsync is { } wasCommitted && !giveUp.IsCancellationRequested)
        {
            try
            {
                return await wasCommitted().ConfigureAwait(false);
            }
            catch (TransportException error)
            {
                Log.OutcomeDelayed(log, error, task.Request.Task, task.Request.Id, s_longestDelay);
                await WaitAsync(s_longestDelay, giveUp).ConfigureAwait(false);
            }
        }
        return false;
    }

    /// <summary>Ends a message of which nothing is needed: another of the same id has run.</summary>
    public async ValueTask DropAsync(AdmittedTask task, CancellationToken giveUp) =>
        await CommitAsync(task.Delivery, new Effects(Settlement.Ack, null), null, task.Request.Task, task.Request.Id, giveUp).ConfigureAwait(false);

    /// <summary>Acknowledges before the run. False where the message is another's by now: it must not run here too.</summary>
    public async ValueTask<bool> AcknowledgeEarlyAsync(AdmittedTask task, CancellationToken giveUp) =>
        task.IsAcknowledged = await CommitAsync(task.Delivery, new Effects(Settlement.Ack, null) { IsEarly = true }, null, task.Request.Task, task.Request.Id, giveUp).ConfigureAwait(false);

    /// <summary>Moves a task whose eta is far away back into the broker, where it costs nothing.</summary>
    public ValueTask DeferAsync(AdmittedTask task, DateTimeOffset eta, CancellationToken giveUp) =>
        PassOnAsync(task.Delivery, task.Request, Publication.ToQueue(task.Delivery.Queue, Told(task)) with { Due = transport.Capabilities.DueOf(eta, time.GetUtcNow()) }, giveUp);

    /// <summary>Moves a task that is over a limit back into the broker, with what it has got there so far.</summary>
    public ValueTask DeferAsync(AdmittedTask task, DateTimeOffset until, string trip, CancellationToken giveUp)
    {
        var message = Told(task);
        return PassOnAsync(task.Delivery, task.Request, Publication.ToQueue(task.Delivery.Queue, message with { Headers = message.Headers.With(TaskHeader.LimitTrip, trip) }) with { Due = until }, giveUp);
    }

    /// <summary>
    /// That the task was received is told before it goes back: who receives it again in the same run need not tell it twice. Its deaths are written on it:
    /// a broker counts those of a new message from 0.
    /// </summary>
    internal static Message Told(AdmittedTask task)
    {
        var headers = task.Delivery.Message.Headers.With(TaskHeader.ToldReceived, task.Request.Retries);
        return task.Delivery.Message with { Headers = task.Request.Deaths > 0 ? headers.With(TaskHeader.Deaths, task.Request.Deaths) : headers };
    }

    /// <summary>
    /// Sends a message back to its queue, changed or later, in place of the one received. Without Python's property <c>expiration</c>: the header
    /// decides, and not every broker takes it together with a delay.
    /// </summary>
    public async ValueTask PassOnAsync(Delivery delivery, TaskRequest request, Publication again, CancellationToken giveUp)
    {
        var effects = new Effects(Settlement.Ack, null) { FollowUps = [again with { Message = again.Message with { Expiration = null } }] };
        await CommitAsync(delivery, effects, null, request.Task, request.Id, giveUp).ConfigureAwait(false);
    }

    /// <summary>Returns a message that was received and not begun.</summary>
    public async ValueTask ReturnAsync(AdmittedTask task, CancellationToken giveUp) =>
        await CommitAsync(task.Delivery, Effects.GiveBack(task.Delivery), null, task.Request.Task, task.Request.Id, giveUp).ConfigureAwait(false);

    /// <summary>Puts a message aside that cannot run, and tells its caller where its id could be read.</summary>
    public async ValueTask QuarantineAsync(Delivery delivery, DecodeFault fault, CancellationToken giveUp, TaskRequest? request = null)
    {
        var now = time.GetUtcNow();
        (Counted?.Find(fault.TaskName ?? "")?.Counters ?? Counted?.Others)?.CountQuarantined();
        Log.Quarantined(log, delivery.Queue, fault.Reason.ToString(), fault.Text);
        var failure = FailureOf(fault);
        var record = fault.TaskId is not { } id ? null : new ResultRecord
        {
            TaskId = id,
            Status = TaskStates.Failure,
            Result = ExceptionCodec.Encode(failure),
            DateDone = now,
        };
        var effects = new Effects(Settlement.Ack, record) { Ended = request, FollowUps = [QuarantineMessage.Of(delivery, fault.Reason, fault.Text, node, now)] };
        effects = request is null ? effects : await TellAsync(effects, request, giveUp).ConfigureAwait(false);
        if (await CommitAsync(delivery, effects, fault.ReplyTo, fault.TaskName ?? "(unknown)", fault.TaskId ?? "(none)", giveUp).ConfigureAwait(false) && fault.TaskId is { } failed)
        {
            events.Failed(failed, failure);
        }
    }

    private static TaskFailure FailureOf(DecodeFault fault) => fault.Reason switch
    {
        QuarantineReason.UnknownTask => ControlFailure.NotRegistered(fault.TaskName!) with { Arguments = [fault.TaskName!, fault.Text] },
        QuarantineReason.KilledWorkers => ControlFailure.WorkerLost(fault.Text),
        QuarantineReason.ContentRefused => new TaskFailure("ContentDisallowed", "kombu.exceptions", [fault.Text], null),
        _ => new TaskFailure("DecodeError", "kombu.exceptions", [fault.Text], null),
    };

    /// <summary>False where the effects were not applied as they are: the message belongs to another, the broker refuses them, or the worker gave up.</summary>
    private async ValueTask<bool> CommitAsync(Delivery delivery, Effects effects, string? replyTo, string taskName, string taskId, CancellationToken giveUp, TaskEnd? end = null)
    {
        var delay = s_firstDelay;
        Completion? completion = null;
        var isReplaced = false;
        while (true)
        {
            try
            {
                completion ??= await _builder.BuildAsync(delivery, effects, replyTo, giveUp).ConfigureAwait(false);
                if (completion is not null && await transport.CompleteAsync(completion, giveUp).ConfigureAwait(false) == CompletionStatus.Lost)
                {
                    Log.OutcomeLost(log, taskName, taskId);
                    Telemetry.LeasesLost.Add(1);
                    return false;
                }
                Aside.Committed(effects.FollowUps);
                await Following.AppliedAsync(effects.Next, giveUp).ConfigureAwait(false);
                if (effects.Ended is { } ended)
                {
                    await Held.EndedAsync(ended, delivery.Redelivered || delivery.Deaths > 0).ConfigureAwait(false);
                }
                if (!isReplaced && end is not null)
                {
                    Tell(end);
                }
                return !isReplaced;
            }
            catch (UnroutableException gone) when (!giveUp.IsCancellationRequested)
            {
                // A queue was deleted under the worker: it is declared again at the next try.
                Log.OutcomeDelayed(log, gone, taskName, taskId, delay);
                queues.Forget(gone.RoutingKey);
                foreach (var next in effects.Next.Queues)
                {
                    queues.Forget(next);
                }
                completion = null;
            }
            catch (Exception refused) when (!isReplaced && (refused is TransportRefusedException or not (TransportException or OperationCanceledException)))
            {
                // It will be refused every time: a failure that says so and a message put aside are better than one that runs again and again.
                isReplaced = true;
                completion = null;
                effects = await RefusedAsync(delivery, effects, refused, taskId, giveUp).ConfigureAwait(false);
            }
            catch (TransportException error) when (!giveUp.IsCancellationRequested)
            {
                Log.OutcomeDelayed(log, error, taskName, taskId, delay);
            }
            catch (Exception error)
            {
                Log.OutcomeAbandoned(log, error, taskName, taskId);
                return false;
            }
            await WaitAsync(delay, giveUp).ConfigureAwait(false);
            delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay;
        }
    }

    private void Tell(TaskEnd end)
    {
        end.Task.Runtime.Counters.Count(end.Outcome);
        if (!end.IsTold)
        {
            OutcomeEvents.Send(events, end.Task, end.Outcome, end.Runtime);
        }
    }

    private async ValueTask<Effects> RefusedAsync(Delivery delivery, Effects effects, Exception refused, string taskId, CancellationToken giveUp)
    {
        var replacement = Replacement(delivery, effects, refused, taskId) with { Ended = effects.Ended };
        return effects.Ended is { } request ? await TellAsync(replacement, request, giveUp, refused.Message).ConfigureAwait(false) : replacement;
    }

    private Effects Replacement(Delivery delivery, Effects effects, Exception refused, string taskId)
    {
        Log.Quarantined(log, delivery.Queue, nameof(QuarantineReason.OutcomeRefused), refused.Message);
        var failure = new TaskFailure("OutcomeRefused", "celeriac", [refused.Message], null);
        events.Failed(taskId, failure);
        return new Effects(Settlement.Ack, effects.Record is null ? null : effects.Record with { Status = TaskStates.Failure, Result = ExceptionCodec.Encode(failure) })
        {
            FollowUps = [QuarantineMessage.Of(delivery, QuarantineReason.OutcomeRefused, refused.Message, node, time.GetUtcNow())],
            IsAcknowledged = effects.IsAcknowledged,
        };
    }

    /// <summary>An end without success is told to the rest of the workflow.</summary>
    private async ValueTask<Effects> TellAsync(Effects effects, TaskRequest request, CancellationToken giveUp, string? refusal = null) => effects.Record is { Status: TaskStates.Failure or TaskStates.Revoked } record
        ? effects with { Next = await Following.FailedAsync(request, record.Status, record.Result, record.Traceback, refusal, giveUp).ConfigureAwait(false) }
        : effects;

    /// <summary>No state is written and no errback called, but nobody waits in vain for what should have come after it.</summary>
    private async ValueTask<Effects> IgnoredAsync(Effects effects, TaskRequest request, CancellationToken giveUp) => effects with
    {
        Next = await Following.FailedAsync(request with { Errbacks = default }, TaskStates.Failure, ExceptionCodec.Encode(ControlFailure.Ignored(request.Id)), null, refusal: null, giveUp).ConfigureAwait(false),
    };

    private async ValueTask WaitAsync(TimeSpan delay, CancellationToken giveUp)
    {
        try
        {
            await Task.Delay(delay, time, giveUp).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The next try is the last one: it fails at once if the broker is still away.
        }
    }
}
