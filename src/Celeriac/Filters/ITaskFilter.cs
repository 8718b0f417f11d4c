namespace Celeriac;

/// <summary>
/// Code around the runs of tasks: logging, metrics, transactions, tenants, caching. A filter awaits <c>next</c> for the run itself, and whatever it does before and after
/// is its own. Register it with <c>AddFilter</c> of the builder, or in <see cref="Worker.Filters"/>.
/// </summary>
public interface ITaskFilter
{
    /// <summary>
    /// Runs around a task. What it answers is the task's result; what it throws is the task's exception, with all that follows: retry, failure, rejection.
    /// </summary>
    /// <param name="run">The run: the request and its context, the arguments, the services of its scope, and the token that fires when it should stop.</param>
    /// <param name="next">The next filter, or the task itself. Not calling it leaves the task out; then answer <see cref="TaskInvocation.Result{T}"/> or <see cref="TaskInvocation.NoResult"/>.</param>
    /// <returns>The result as JSON.</returns>
    ValueTask<ReadOnlyMemory<byte>> RunAsync(TaskInvocation run, TaskInvoker next);
}
