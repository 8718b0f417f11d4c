using System.Globalization;
using Celeriac.Diagnostics;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Processes;

/// <summary>One run in a child: hands it over, kills it where it must be, and says how it ended, whichever way it did.</summary>
internal sealed class ChildRun(PoolChild child, AdmittedTask task, long job, WorkerOptions options, TimeProvider time, ILogger log)
{
    // Less than a stopping worker waits for its cancelled runs.
    private static readonly TimeSpan s_stopping = TimeSpan.FromSeconds(1);
    private static readonly Outcome s_ended = new Outcome.Ignored();
    private readonly TimeSpan? _hard = task.Request.TimeLimit ?? task.Runtime.Limits.Hard;
    private Outcome? _killedFor;

    public async Task<Outcome> RunAsync(RunningTask running, CancellationToken stopping)
    {
        using var ending = new CancellationTokenSource();
        try
        {
            task.Begin(ending, stopping);
            if (task.TerminatedBy is { } signal)
            {
                return new Outcome.Revoked(signal);
            }
            return await RunAsync(running, ending.Token, stopping).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // The message is too large for the child, or cannot be written down.
            return new Outcome.Failed(ExceptionCodec.FromException(error), null);
        }
        finally
        {
            task.End();
        }
    }

    private async Task<Outcome> RunAsync(RunningTask running, CancellationToken ending, CancellationToken stopping)
    {
        var order = RunOrder.Of(task, job).Encode();
        var run = child.RunAsync(task.Request, order);
        await using var terminating = ending.Register(() => _ = TerminateAsync(task.TerminatedBy ?? Signals.Terminate)).ConfigureAwait(false);
        await using var interrupting = stopping.Register(() => _ = InterruptAsync(run)).ConfigureAwait(false);
        using var limit = _hard is { } hard ? time.CreateTimer(_ => OutOfTime(hard), null, hard, Timeout.InfiniteTimeSpan) : null;
        var report = await run.ConfigureAwait(false);
        // From here on nobody kills for this run's sake. Who was about to has to be done before the child gets another.
        var killedFor = Interlocked.CompareExchange(ref _killedFor, s_ended, null);
        if (killedFor is not null)
        {
            child.Kill();
            await child.Gone.ConfigureAwait(false);
        }
        if (report is null)
        {
            return killedFor ?? Lost();
        }
        foreach (var sent in report.Children)
        {
            running.AddChild(sent);
        }
        task.Request.HasCheckpoint |= report.HasCheckpoint;
        return report.Outcome;
    }

    private void OutOfTime(TimeSpan limit)
    {
        if (Interlocked.CompareExchange(ref _killedFor, new Outcome.Failed(ControlFailure.TimeLimitExceeded(limit), null), null) is null)
        {
            Log.ChildOutOfTime(log, task.Request.Task, task.Request.Id, limit, child.Id);
            child.Kill();
        }
    }

    private async Task TerminateAsync(string signal)
    {
        if (signal == Signals.Soft)
        {
            await child.AskAsync(FrameKind.End, job).ConfigureAwait(false);
        }
        else if (Interlocked.CompareExchange(ref _killedFor, new Outcome.Revoked(signal), null) is null)
        {
            await child.EndAsync(signal).ConfigureAwait(false);
        }
    }

    private async Task InterruptAsync(Task run)
    {
        await child.AskAsync(FrameKind.Stop, job).ConfigureAwait(false);
        try
        {
            await run.WaitAsync(s_stopping, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (Interlocked.CompareExchange(ref _killedFor, new Outcome.Interrupted(), null) is null)
            {
                child.Kill();
            }
        }
    }

    /// <summary>Nobody wanted the process to end. As in Celery only a message that is still unacknowledged can go back.</summary>
    private Outcome Lost()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"Worker exited prematurely: {child.Status} Job: {job}.");
        return (task.Definition.Options.RejectOnWorkerLost ?? options.RejectOnWorkerLost) && !task.IsAcknowledged
            ? new Outcome.Lost(text)
            : new Outcome.Failed(ControlFailure.WorkerLost(text), null);
    }
}
