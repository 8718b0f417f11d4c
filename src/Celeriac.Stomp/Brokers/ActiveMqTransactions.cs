namespace Celeriac.Stomp.Brokers;

/// <summary>Frames that ActiveMQ takes all or none.</summary>
/// <param name="client">The connection; one transaction at a time.</param>
/// <param name="nextId">Names a transaction.</param>
internal sealed class ActiveMqTransactions(StompClient client, Func<string> nextId)
{
    /// <summary>
    /// One write to the disk for all. A frame with a receipt would be a write of its own, within a transaction too (measured: eight messages with a
    /// receipt each took 60 ms, without 2–18), so the frames have none. The commit follows when the server has read every frame, which the receipt
    /// of another, empty transaction shows: a frame that it cannot read is answered with ERROR before. What the broker refuses later, such as
    /// for lack of a right, makes it roll back the whole transaction at the commit (rollbackOnlyOnAsyncException, its default).
    /// </summary>
    internal async Task CommitAsync(IReadOnlyList<StompFrame> frames)
    {
        var (transaction, barrier) = (nextId(), nextId());
        var refusal = client.CatchError();
        try
        {
            await client.RequestAsync(
                [StompFrames.Begin(transaction), .. frames.Select(frame => frame.With("transaction", transaction)), StompFrames.Begin(barrier)]).ConfigureAwait(false);
            if (refusal.IsCompleted)
            {
                // Forgotten with what it holds; the acknowledgements in it can be given again.
                await client.RequestAsync([StompFrames.Abort(barrier), StompFrames.Abort(transaction)]).ConfigureAwait(false);
                throw await refusal.ConfigureAwait(false);
            }
            await client.RequestAsync([StompFrames.Abort(barrier), StompFrames.Commit(transaction)]).ConfigureAwait(false);
        }
        finally
        {
            client.StopCatching();
        }
    }
}
