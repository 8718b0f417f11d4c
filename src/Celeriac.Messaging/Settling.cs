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
        foreach (var completion in completions)
        {
            completion.Delivery.BeginSettling(completion);
        }
        var settling = completions.Select(completion => completion.Delivery.SettleOnce(() => settle(completion))).ToArray();
        var answers = new CompletionStatus[settling.Length];
        for (var index = 0; index < settling.Length; index++)
        {
            answers[index] = await settling[index].WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        return answers;
    }
}
