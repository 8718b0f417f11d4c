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

    /// <summary>Runs a task in a place of the pool, or gives it back where the worker stops: a suspect alone, any other beside the rest.</summary>
    public ValueTask RunOrReturnAsync(AdmittedTask task, RunBounds bounds) => task.RunsAlone ? RunAloneAsync(task, bounds) : RunAsync(task, bounds);

    // A method of its own: what the closure captures is allocated only for suspects.
    private ValueTask RunAloneAsync(AdmittedTask task, RunBounds bounds) => new(bounds.Alone.RunAloneAsync(() => RunAsync(task, bounds).AsTask(), bounds.Stop));

    // One method for all that nearly every task passes through: each that waits costs an allocation.
    private async ValueTask RunAsync(AdmittedTask task, RunBounds bounds)
    {
        if (!task.RunsAlone)
        {
            await bounds.Alone.EnterAsync(bounds.Stop).ConfigureAwait(false);
        }
        var isClaimed = task.TryClaim();
        try
        {
            // From the signal on nothing is begun, even before the receive loop has noticed it.
            using var place = isClaimed && MayBegin(bounds) ? await bounds.Pool.TakeAsync(bounds.Stop).ConfigureAwait(false) : null;
            if (place is not null && MayBegin(bounds) && !state.Intake.IsPaused(task.Delivery.Queue) && life.TryBegin(shutdown))
            {
                await RunTaskAsync(place, task, bounds).ConfigureAwait(false);
            }
            else if (isClaimed)
            {
                await outcomes.ReturnAsync(task, bounds.GiveUp).ConfigureAwait(false);
            }
        }
        catch (Exception error)
        {
            // A fault of ours must not cost a runner: the message stays unacknowledged, and the broker hands it out again.
            Log.RunFailed(log, error, task.Request.Task, task.Request.Id);
        }
        finally
        {
            if (isClaimed)
            {
                state.InHand.Remove(task);
            }
            if (!task.RunsAlone)
            {
                bounds.Alone.Leave();
            }
        }
    }

    private bool MayBegin(RunBounds bounds) => !IsDraining && !bounds.Stop.IsCancellationRequested;

    /// <summary>Hops 6 to 8: run, decide, apply. Answers whether the task has ended for good.</summary>
    private ValueTask<bool> RunTaskAsync(ITaskPlace place, AdmittedTask task, RunBounds bounds) =>
        admission.Refusal(task.Request) is { } refusal ? outcomes.ApplyAsync(task, refusal, [], TimeSpan.Zero, bounds.GiveUp)
        : once.Concerns(task) ? RunOnceAsync(place, task, bounds)
        : RunTurnAsync(place, task, bounds);

    /// <summary>The body of a chord.</summary>
    private async ValueTask<bool> RunOnceAsync(ITaskPlace place, AdmittedTask task, RunBounds bounds)
    {
        var turn = await once.EnterAsync(task, bounds.Stop).ConfigureAwait(false);
        if (turn is { Claim: null })
        {
            await PassOverAsync(task, turn, bounds.GiveUp).ConfigureAwait(false);
            return true;
        }
        var isApplied = false;
        try
        {
            isApplied = await RunTurnAsync(place, task, bounds).ConfigureAwait(false);
        }
        finally
        {
            if (turn?.Claim is { } claim)
            {
                await claim.EndAsync(isApplied).ConfigureAwait(false);
            }
        }
        return isApplied;
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
    private async ValueTask<bool> RunTurnAsync(ITaskPlace place, AdmittedTask task, RunBounds bounds)
    {
        await outcomes.Held.StartedAsync(task.Request).ConfigureAwait(false);
        using var span = telemetry.Begin(task);
        task.ProcessId = place.ProcessId;
        state.InHand.Start(task, time.GetUtcNow());
        if (!task.AcksLate && !await outcomes.AcknowledgeEarlyAsync(task, bounds.GiveUp).ConfigureAwait(false))
        {
            return false;
        }
        if (task.Definition.Options.SendEvents)
        {
            state.Events.Started(task.Request);
        }
        if (task.Definition.Options.TrackStarted ?? options.TrackStarted)
        {
            await operations.MarkStartedAsync(task.Request, place.ProcessId, node, log, bounds.GiveUp).ConfigureAwait(false);
        }
        var running = new RunningTask(task.Request.Id, task.Request.RootId ?? task.Request.Id, task.Request.Message.Priority);
        var started = time.GetTimestamp();
        var outcome = await place.RunAsync(task, running, bounds.CancelTasks).ConfigureAwait(false);
        var runtime = time.GetElapsedTime(started);
        span.End(outcome, runtime);
        return await outcomes.ApplyAsync(task, outcome, running.Children, runtime, bounds.GiveUp).ConfigureAwait(false) && OutcomeHandler.IsLast(outcome);
    }
}
