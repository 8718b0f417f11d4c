using Celeriac.Diagnostics;
using Celeriac.Protocol;
using Celeriac.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>Runs an admitted task and says how it ended. Never throws for what a task does.</summary>
internal sealed class TaskRunner(
    TaskClient client, IServiceProvider? services, ITaskOperations operations, SynchronousThreads threads, string node, TimeProvider time, ILogger log)
{
    /// <summary>False where somebody else keeps the hard limit, who can kill the process.</summary>
    public bool KeepsHardLimit { get; init; } = true;

    /// <summary>Runs the task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="running">Gets the children that the run sends.</param>
    /// <param name="stopping">Fires when the worker no longer waits for its tasks.</param>
    public async Task<Outcome> RunAsync(AdmittedTask task, RunningTask running, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        try
        {
            task.Begin(ending);
            var arguments = ArgumentBinder.Bind(task.Definition, task.Request);
            var soft = task.Request.SoftTimeLimit ?? task.Runtime.Limits.Soft;
            if (soft is { } limit)
            {
                ending.CancelAfter(limit);
            }
            var result = await RunWithinAsync(task, InvokeAsync(task, arguments, running, ending.Token)).ConfigureAwait(false);
            return new Outcome.Succeeded(result);
        }
        catch (Exception error)
        {
            return OutcomeOf(task, error, softLimitPassed: ending.IsCancellationRequested && !stopping.IsCancellationRequested, stopping);
        }
        finally
        {
            task.End();
        }
    }

    /// <summary>The hard limit abandons the run, because nothing can stop code that does not look at its token.</summary>
    private async Task<ReadOnlyMemory<byte>> RunWithinAsync(AdmittedTask task, Task<ReadOnlyMemory<byte>> run)
    {
        if (!KeepsHardLimit || (task.Request.TimeLimit ?? task.Runtime.Limits.Hard) is not { } hard)
        {
            return await run.ConfigureAwait(false);
        }
        try
        {
            return await run.WaitAsync(hard, time).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!run.IsCompleted)
        {
            Log.TaskAbandoned(log, task.Definition.Name, task.Request.Id, hard);
            // Its late end is seen and forgotten; otherwise it would surface as an unobserved exception.
            _ = run.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new HardLimitException(hard);
        }
    }

    private async Task<ReadOnlyMemory<byte>> InvokeAsync(AdmittedTask task, BoundArguments arguments, RunningTask running, CancellationToken cancellationToken)
    {
        using var ambient = CurrentClient.Enter(client, running);
        using var logScope = log.BeginScope(new TaskLogScope(task.Definition.Name, task.Request.Id));
        var scope = services?.CreateAsyncScope();
        var context = new TaskContext(task.Request, operations, node, cancellationToken);
        var invocation = new TaskInvocation(task.Definition, arguments, context, scope?.ServiceProvider, cancellationToken);
        try
        {
            return task.Definition.IsSynchronous
                ? await threads.RunAsync(() => task.Definition.Invoker!(invocation)).ConfigureAwait(false)
                : await task.Definition.Invoker!(invocation).ConfigureAwait(false);
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

    private static Outcome OutcomeOf(AdmittedTask task, Exception error, bool softLimitPassed, CancellationToken stopping)
    {
        var options = task.Definition.Options;
        switch (error)
        {
            case not HardLimitException when task.TerminatedBy is { } signal:
                // Whatever the cancelled code threw on its way out: it was asked to end, and must not be retried.
                return new Outcome.Revoked(signal);
            case TaskRetryException retry:
                return Retry(task, retry.InnerException, retry.Countdown, retry.MaxRetries ?? options.MaxRetries);
            case HardLimitException hard:
                return new Outcome.Failed(ControlFailure.TimeLimitExceeded(hard.Limit), null);
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
                    ? Retry(task, error, countdown: null, options.MaxRetries)
                    : new Outcome.Failed(ExceptionCodec.FromException(error), null);
        }
    }

    private static Outcome Retry(AdmittedTask task, Exception? cause, TimeSpan? countdown, int maxRetries)
    {
        var request = task.Request;
        if (RetryPolicy.Allows(request.Retries, maxRetries))
        {
            var failure = ExceptionCodec.FromException(cause ?? new CeleryException("Retry", "celery.exceptions"));
            return new Outcome.Retrying(failure, countdown ?? RetryPolicy.Delay(task.Definition.Options, request.Retries, Random.Shared));
        }
        var final = cause is null ? ControlFailure.MaxRetriesExceeded(request) : ExceptionCodec.FromException(cause);
        return new Outcome.Failed(final, QuarantineReason.RetriesExhausted);
    }

    private sealed class HardLimitException(TimeSpan limit) : Exception
    {
        public TimeSpan Limit { get; } = limit;
    }
}
