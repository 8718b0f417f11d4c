namespace Celeriac;

/// <summary>Sends signatures by <see cref="TaskClient.Current"/>: <c>await (AddTask.S(2, 2) | MulTask.Partial(4)).DelayAsync()</c>.</summary>
public static class SignatureSending
{
    /// <summary>Sends it; returns when the broker has it. Of a chain the answer is the result of the last task, with those before it as <see cref="AsyncResult.Parent"/>.</summary>
    public static ValueTask<AsyncResult<TResult>> DelayAsync<TResult>(this Signature<TResult> signature, CancellationToken cancellationToken = default) =>
        TaskClient.Current.SendAsync(signature, cancellationToken);

    /// <summary>Sends a group; returns when the broker has every member.</summary>
    public static ValueTask<GroupResult<T>> DelayAsync<T>(this Group<T> group, CancellationToken cancellationToken = default) => TaskClient.Current.SendAsync(group, cancellationToken);

    /// <inheritdoc cref="DelayAsync{TResult}(Signature{TResult}, CancellationToken)"/>
    public static ValueTask<AsyncResult> DelayAsync(this Signature signature, CancellationToken cancellationToken = default) => TaskClient.Current.SendAsync(signature, cancellationToken);
}
