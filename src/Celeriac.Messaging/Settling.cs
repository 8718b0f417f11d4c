namespace Celeriac.Messaging;

/// <summary>How every transport settles a list of completions.</summary>
internal static class Settling
{
    /// <summary>
    /// Decides them, starts those that are not under way or done, and waits for all. Settling goes on when the caller stops waiting, and its answer is kept:
    /// the same completion handed in again gets it.
    /// </summary>
    /// <param name="completions">The completions.</param>
    /// <param name="settle">Settles one.</param>
    /// <param name="cancellationToken">Ends the wait, not the settling.</param>
    /// <returns>What became of each, in their order.</returns>
    /// <exception cref="AlreadySettledException">Another completion of one of the deliveries was first; none of the list is settled.</exception>
    public static async ValueTask<IReadOnlyList<CompletionStatus>> SettleAsync(
        IReadOnlyList<Completion> completions, Func<Completion, Task<CompletionStatus>> settle, CancellationToken cancellationToken)
    {
        if (completions.Count == 1)
        {
            return [await SettleAsync(completions[0], settle, cancellationToken).ConfigureAwait(false)];
        }
        for (var index = 0; index < completions.Count; index++)
        {
            completions[index].Delivery.BeginSettling(completions[index]);
        }
        var settling = new Task<CompletionStatus>[completions.Count];
        for (var index = 0; index < settling.Length; index++)
        {
            settling[index] = completions[index].Delivery.SettleOnce(settle, completions[index]);
        }
        var answers = new CompletionStatus[settling.Length];
        for (var index = 0; index < settling.Length; index++)
        {
            answers[index] = await settling[index].WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        return answers;
    }

    /// <summary>The same for one.</summary>
    /// <exception cref="AlreadySettledException">Another completion of the delivery was first.</exception>
    public static ValueTask<CompletionStatus> SettleAsync(Completion completion, Func<Completion, Task<CompletionStatus>> settle, CancellationToken cancellationToken)
    {
        try
        {
            completion.Delivery.BeginSettling(completion);
        }
        catch (AlreadySettledException error)
        {
            return ValueTask.FromException<CompletionStatus>(error);
        }
        return new(completion.Delivery.SettleOnce(settle, completion).WaitAsync(cancellationToken));
    }
}
