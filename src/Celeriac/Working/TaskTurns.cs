using Celeriac.Diagnostics;
using Celeriac.Sending;
using Celeriac.Working.Life;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>The running half of a worker: whoever claims an admitted task runs it, or gives it back, once.</summary>
internal sealed class TaskTurns(
    WorkerState state, Admission admission, OutcomeHandler outcomes, OnceGuard once, TaskOperations operations, RunTelemetry telemetry, WorkerLife life, Action shutdown, WorkerOptions options,
    string node, TimeProvider time, ILogger log)
{
    private volatile bool _isDraining;

    /// <summary>True once the worker stops: nothing is begun any more.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set => _isDraining = value;
    }

    /// <summary>What was fetched of a queue that is paused now.</summary>
    public async Task GiveBackAsync(AdmittedTask task, CancellationToken giveUp)
    {
        if (task.TryClaim())
        {
            await outcomes.ReturnAsync(task, giveUp).ConfigureAwait(false);
            state.InHand.Remove(task);
        }
    }

    /// <summary>A task that is over a limit waits in the broker.</summary>
    public async Task DeferAsync(AdmittedTask task, DateTimeOffset until, string trip, CancellationToken giveUp)
    {
        if (task.TryClaim())
        {
            await outcomes.DeferAsync(task, until, trip, giveUp).ConfigureAwait(false);
            state.InHand.Remove(task);
        }
    }

    /// <summary>Runs a task in a place of the pool, or gives it back where the worker stops.</summary>
    public async Task RunOrReturnAsync(ITaskPool pool, AdmittedTask task, CancellationToken cancelTasks, CancellationToken giveUp, CancellationToken stop)
    {
        if (!task.TryClaim())
        {
            return;
        }
        try
        {
            // From the signal on nothing is begun, even before the receive loop has noticed it.
            using var place = IsDraining || stop.IsCancellationRequested ? null : await pool.TakeAsync(stop).ConfigureAwait(false);
            if (place is null || IsDraining || stop.IsCancellationRequested || state.Intake.IsPaused(task.Delivery.Queue) || !life.TryBegin(shutdown))
            {
                await outcomes.ReturnAsync(task, giveUp).ConfigureAwait(false);
            }
            else
            {
                await RunTaskAsync(place, task, cancelTasks, giveUp, stop).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            // A fault of ours must not cost a runner: the message stays unacknowledged, and the broker hands it out again.
            Log.RunFailed(log, error, task.Request.Task, task.Request.Id);
        }
        finally
        {
            state.InHand.Remove(task);
        }
    }

    /// <summary>Hops 6 to 8: run, decide, apply.</summary>
    private async ValueTask RunTaskAsync(ITaskPlace place, AdmittedTask task, CancellationToken cancelTasks, CancellationToken giveUp, CancellationToken stop)
    {
        if (admission.Refusal(task.Request) is { } refusal)
        {
            await outcomes.ApplyAsync(task, refusal, [], TimeSpan.Zero, giveUp).ConfigureAwait(false);
            return;
        }
        var turn = await once.EnterAsync(task, stop).ConfigureAwait(false);
        if (turn is { Claim: null })
        {
            await PassOverAsync(task, turn, giveUp).ConfigureAwait(false);
            return;
        }
        var isApplied = false;
        try
        {
            isApplied = await RunTurnAsync(place, task, cancelTasks, giveUp).ConfigureAwait(false);
        }
        finally
        {
            if (turn?.Claim is { } claim)
            {
                await claim.EndAsync(isApplied).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Another message of this chord's body has run.</summary>
    private async ValueTask PassOverAsync(AdmittedTask task, OnceTurn turn, CancellationToken giveUp)
    {
        if (turn.Result is { } result)
        {
            await outcomes.ApplyAsync(task, new Outcome.Succeeded(result), [], TimeSpan.Zero, giveUp).ConfigureAwait(false);
            return;
        }
        Log.OnceDropped(log, task.Request.Task, task.Request.Id);
        await outcomes.DropAsync(task, giveUp).ConfigureAwait(false);
    }

    /// <summary>Answers whether the task has ended for good.</summary>
    private async ValueTask<bool> RunTurnAsync(ITaskPlace place, AdmittedTask task, CancellationToken cancelTasks, CancellationToken giveUp)
    {
        await outcomes.Held.StartedAsync(task.Request).ConfigureAwait(false);
        using var span = telemetry.Begin(task);
        task.ProcessId = place.ProcessId;
        state.InHand.Start(task, time.GetUtcNow());
        if (task.Definition.Options.SendEvents)
        {
            state.Events.Started(task.Request);
        }
        if (!task.AcksLate)
        {
            await outcomes.AcknowledgeEarlyAsync(task, giveUp).ConfigureAwait(false);
        }
        if (task.Definition.Options.TrackStarted ?? options.TrackStarted)
        {
            await operations.MarkStartedAsync(task.Request, place.ProcessId, node, log, giveUp).ConfigureAwait(false);
        }
        var running = new RunningTask(task.Request.Id, task.Request.RootId ?? task.Request.Id, task.Request.Message.Priority);
        var started = time.GetTimestamp();
        var outcome = await place.RunAsync(task, running, cancelTasks).ConfigureAwait(false);
        var runtime = time.GetElapsedTime(started);
        span.End(outcome, runtime);
        return await outcomes.ApplyAsync(task, outcome, running.Children, runtime, giveUp).ConfigureAwait(false) && OutcomeHandler.IsLast(outcome);
    }
}
