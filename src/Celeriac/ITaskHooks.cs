namespace Celeriac;

/// <summary>
/// What happens beside the runs of a task, as Celery's handlers of the same names: <c>[Task(Hooks = typeof(MailHooks))]</c>. A class writes the methods it wants.
/// </summary>
/// <remarks>
/// Hooks only look: one that throws is logged, and the outcome stays what it is. They have a scope of services of their own, so that nothing a failed run has left
/// half-done is in it. They run before the outcome is stored, and run again where the message is delivered again: at least once, like the task.
/// A run that goes back to its queue because the worker stops has no end, and only <see cref="BeforeStartAsync"/> was called.
/// </remarks>
public interface ITaskHooks
{
    /// <summary>A run is about to begin; Celery's <c>before_start</c>.</summary>
    ValueTask BeforeStartAsync(TaskContext task) => default;

    /// <summary>The task has returned; Celery's <c>on_success</c>.</summary>
    /// <param name="task">The run.</param>
    /// <param name="result">Its result as JSON; <see cref="TaskJson.Decode{T}"/> reads it.</param>
    ValueTask OnSuccessAsync(TaskContext task, ReadOnlyMemory<byte> result) => default;

    /// <summary>The task has failed for good, wrong arguments, time limits and used up retries included; Celery's <c>on_failure</c>.</summary>
    /// <param name="task">The run.</param>
    /// <param name="failure">What the caller will see.</param>
    /// <param name="error">What was thrown; null where nothing was, as at the hard time limit.</param>
    ValueTask OnFailureAsync(TaskContext task, TaskFailure failure, Exception? error) => default;

    /// <summary>The task will run again; Celery's <c>on_retry</c>.</summary>
    /// <param name="task">The run.</param>
    /// <param name="cause">Why; the task's own exception where it gave one to <c>Retry</c>.</param>
    /// <param name="delay">When.</param>
    ValueTask OnRetryAsync(TaskContext task, Exception cause, TimeSpan delay) => default;

    /// <summary>The task has ended; Celery's <c>after_return</c>. Not after a retry, and not where the task asked to be ignored or rejected its message.</summary>
    /// <param name="task">The run.</param>
    /// <param name="state">SUCCESS, FAILURE or REVOKED.</param>
    ValueTask AfterReturnAsync(TaskContext task, string state) => default;
}
