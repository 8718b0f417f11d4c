using Celeriac.Diagnostics;
using Celeriac.Filters;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>Runs an admitted task and says how it ended. Never throws for what a task does.</summary>
internal sealed class TaskRunner(
    TaskClient client, IServiceProvider? services, ITaskOperations operations, SynchronousThreads threads, string node, TimeProvider time, ILogger log)
{
    // What the innermost filter calls.
    private readonly TaskInvoker _method = invocation => invocation.Definition.IsSynchronous ? RunOnThread(threads, invocation) : invocation.Definition.Invoker!(invocation);

    /// <summary>What is around every run.</summary>
    public TaskFilters Filters { get; init; } = new();

    /// <summary>See <see cref="WorkerOptions.RetryAfter"/>.</summary>
    public Func<Exception, TimeSpan?>? RetryAfter { get; init; }

    /// <summary>Hears of runs that were abandoned; null where none is.</summary>
    public StuckRuns? Stuck { get; init; }

    /// <summary>False where somebody else keeps the hard limit, who can kill the process.</summary>
    public bool KeepsHardLimit { get; init; } = true;

    /// <summary>Runs the task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="running">Gets the children that the run sends.</param>
    /// <param name="stopping">Fires when the worker no longer waits for its tasks.</param>
    public ValueTask<Outcome> RunAsync(AdmittedTask task, RunningTask running, CancellationToken stopping) =>
        task.Definition.Hooks is null ? RunPlainAsync(task, running, stopping) : RunHookedAsync(task, running, stopping);

    private static ValueTask<ReadOnlyMemory<byte>> RunOnThread(SynchronousThreads threads, TaskInvocation invocation) =>
        new(threads.RunAsync(() => invocation.Definition.Invoker!(invocation)));

    private async ValueTask<Outcome> RunHookedAsync(AdmittedTask task, RunningTask running, CancellationToken stopping)
    {
        using var ambient = CurrentClient.Enter(client, running);
        using var logScope = log.BeginScope(new TaskLogScope(task.Request));
        var hooks = new HookedRun(task.Definition, new TaskContext(task.Request, operations, node, stopping) { Run = task }, services, log);
        await using var ended = hooks.ConfigureAwait(false);
        await hooks.BeginAsync().ConfigureAwait(false);
        var outcome = await RunPlainAsync(task, running, stopping).ConfigureAwait(false);
        await hooks.EndAsync(outcome, task.Error).ConfigureAwait(false);
        return outcome;
    }

    private async ValueTask<Outcome> RunPlainAsync(AdmittedTask task, RunningTask running, CancellationToken stopping)
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            task.Begin(ending, stopping);
            var arguments = ArgumentBinder.Bind(task.Definition, task.Request);
            var soft = task.Request.SoftTimeLimit ?? task.Runtime.Limits.Soft;
            if (soft is { } limit)
            {
                ending.CancelAfter(limit);
            }
            var run = InvokeAsync(task, arguments, running, ending.Token);
            var result = KeepsHardLimit && (task.Request.TimeLimit ?? task.Runtime.Limits.Hard) is { } hard
                ? await RunWithinAsync(task, run.AsTask(), hard).ConfigureAwait(false)
                : await run.ConfigureAwait(false);
            return new Outcome.Succeeded(result);
        }
        catch (Exception error)
        {
            task.Error = error is HardLimitException ? null : error;
            return OutcomeOf(task, error, softLimitPassed: ending.IsCancellationRequested && !stopping.IsCancellationRequested, stopping);
        }
        finally
        {
            task.End();
            if (task.IsOutOfTime)
            {
                _ = CancelAsync(ending);
            }
            else
            {
                ending.Dispose();
            }
        }
    }

    /// <summary>What was abandoned and does look at its token ends by it. Its callbacks are the task's own code: nobody waits for them.</summary>
    private static async Task CancelAsync(CancellationTokenSource ending)
    {
        await ending.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    /// <summary>The hard limit abandons the run, because nothing can stop code that does not look at its token.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> RunWithinAsync(AdmittedTask task, Task<ReadOnlyMemory<byte>> run, TimeSpan hard)
    {
        try
        {
            return await run.WaitAsync(hard, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (run.IsCompleted)
            {
                // It came to its end with the limit, or the error is the task's own.
                return await run.ConfigureAwait(false);
            }
            Log.TaskAbandoned(log, task.Definition.Name, task.Request.Id, hard);
            // Its late end is seen and forgotten; otherwise it would surface as an unobserved exception.
            _ = run.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            task.IsOutOfTime = true;
            Stuck?.Abandoned(task, run);
            throw new HardLimitException(hard);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> InvokeAsync(AdmittedTask task, BoundArguments arguments, RunningTask running, CancellationToken cancellationToken)
    {
        using var ambient = CurrentClient.Enter(client, running);
        using var logScope = log.BeginScope(new TaskLogScope(task.Request));
        var scope = services?.CreateAsyncScope();
        var context = new TaskContext(task.Request, operations, node, cancellationToken) { Run = task };
        var invocation = new TaskInvocation(task.Definition, arguments, context, scope?.ServiceProvider, cancellationToken);
        try
        {
            return await Filters.RunAsync(invocation, _method).ConfigureAwait(false);
        }
        finally
        {
            await invocation.EndAsync().ConfigureAwait(false);
            if (scope is { } opened)
            {
                await opened.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private Outcome OutcomeOf(AdmittedTask task, Exception error, bool softLimitPassed, CancellationToken stopping)
    {
        var options = task.Definition.Options;
        switch (error)
        {
            case not HardLimitException when task.TerminatedBy is { } signal:
                // Whatever the cancelled code threw on its way out: it was asked to end, and must not be retried.
                return new Outcome.Revoked(signal);
            case not HardLimitException when task.TakenBackBecause is not null:
                return new Outcome.Interrupted();
            case TaskRetryException retry:
                return Retry(task, retry.InnerException, retry);
            case HardLimitException hard:
                return new Outcome.Failed(ControlFailure.TimeLimitExceeded(hard.Limit), null);
            case TaskReplaceException replaced:
                return new Outcome.Ignored { Replacement = replaced.Replacement };
            case TaskIgnoreException:
                return new Outcome.Ignored();
            case TaskRejectException reject:
                return new Outcome.Rejected(reject.Requeue, reject.Message);
            case TaskArgumentException:
                return new Outcome.Failed(ExceptionCodec.FromException(error), QuarantineReason.WrongArguments);
            case OperationCanceledException when stopping.IsCancellationRequested:
                return new Outcome.Interrupted();
            case OperationCanceledException when softLimitPassed:
                return new Outcome.Failed(ControlFailure.SoftTimeLimitExceeded(ExceptionCodec.FromException(error).Traceback), null);
            default:
                return RetryPolicy.Wants(options, error)
                    ? Retry(task, error, asked: null)
                    : new Outcome.Failed(ExceptionCodec.FromException(error), null);
        }
    }

    private Outcome Retry(AdmittedTask task, Exception? cause, TaskRetryException? asked)
    {
        var request = task.Request;
        if (asked?.Queue is { } queue && client.Queues.Definitions.FaultOf(queue) is { } missing)
        {
            return new Outcome.Failed(ExceptionCodec.FromException(missing), QuarantineReason.OutcomeRefused);
        }
        if (RetryPolicy.Allows(request.Retries, asked?.MaxRetries ?? task.Definition.Options.MaxRetries))
        {
            var failure = ExceptionCodec.FromException(cause ?? new CeleryException("Retry", "celery.exceptions"));
            return new Outcome.Retrying(failure, DelayOf(task, cause, asked)) { Queue = asked?.Queue, Priority = asked?.Priority };
        }
        var final = cause is null ? ControlFailure.MaxRetriesExceeded(request) : ExceptionCodec.FromException(cause);
        return new Outcome.Failed(final, QuarantineReason.RetriesExhausted);
    }

    private TimeSpan DelayOf(AdmittedTask task, Exception? cause, TaskRetryException? asked)
    {
        var delay = asked?.Eta - time.GetUtcNow() ?? asked?.Countdown ?? HintOf(task, cause) ?? RetryPolicy.Delay(task.Definition.Options, task.Request.Retries, Random.Shared);
        return delay > TimeSpan.Zero ? delay : TimeSpan.Zero;
    }

    private TimeSpan? HintOf(AdmittedTask task, Exception? cause)
    {
        try
        {
            return RetryPolicy.Hint(cause, RetryAfter);
        }
        catch (Exception error)
        {
            // A hint is a hint: whoever cannot give one must not cost the task its retry.
            Log.RetryHintFailed(log, error, task.Definition.Name, task.Request.Id);
            return null;
        }
    }

    private sealed class HardLimitException(TimeSpan limit) : Exception
    {
        public TimeSpan Limit { get; } = limit;
    }
}
