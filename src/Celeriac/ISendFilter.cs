namespace Celeriac;

/// <summary>Sends a signature and answers the task's id.</summary>
public delegate ValueTask<string> TaskSender(Signature signature, CancellationToken cancellationToken);

/// <summary>
/// Code around the sending of tasks, as Celery's signals <c>before_task_publish</c> and <c>after_task_publish</c>: stamps and headers of your own, checks, counters.
/// Register it with <c>AddSendFilter</c> of the builder, or in <see cref="CeleriacOptions.SendFilters"/>.
/// </summary>
public interface ISendFilter
{
    /// <summary>
    /// Sends a task. What stands before <c>next</c> happens before the publish, what stands after it when the broker has the task. What it throws reaches the caller.
    /// </summary>
    /// <param name="signature">What is sent. Its <see cref="SendOptions.TaskId"/> is there already.</param>
    /// <param name="next">The next filter, or the publish. It may be given a changed signature: <c>signature.Set(options => options with { … })</c>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The id that the caller gets: what <paramref name="next"/> answers, or where nothing is sent the id of the task that stands for this one.</returns>
    ValueTask<string> SendAsync(Signature signature, TaskSender next, CancellationToken cancellationToken);
}
