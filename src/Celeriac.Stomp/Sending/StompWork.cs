using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Sending;

/// <summary>A frame that settles a delivery of a consumer.</summary>
internal readonly record struct SettlementFrame(StompConsumer Consumer, StompFrame Frame);

/// <summary>
/// Frames of one caller that take effect together: a list of messages, or a completion with its follow-ups. Several works share a transaction.
/// </summary>
/// <param name="early">Sent and confirmed before the transaction: delayed messages, which ActiveMQ would schedule only after a commit and could lose between.</param>
/// <param name="sends">Messages.</param>
/// <param name="settlements">What settles deliveries; it must not take effect without the messages.</param>
internal sealed class StompWork(IReadOnlyList<StompFrame> early, IReadOnlyList<StompFrame> sends, IReadOnlyList<SettlementFrame> settlements)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sent before the transaction; empty once they are confirmed, so that a second try does not send them again.</summary>
    public IReadOnlyList<StompFrame> Early { get; set; } = early;

    /// <summary>Messages, within the transaction; empty once they are confirmed.</summary>
    public IReadOnlyList<StompFrame> Sends { get; set; } = sends;

    /// <summary>Settlements, within the transaction; without those that the server has confirmed.</summary>
    public IReadOnlyList<SettlementFrame> Settlements { get; set; } = settlements;

    /// <summary>How many frames it has.</summary>
    public int Count => Early.Count + Sends.Count + Settlements.Count;

    /// <summary>The bytes of all bodies.</summary>
    public long Bytes { get; } = early.Concat(sends).Sum(frame => (long)frame.Body.Length);

    /// <summary>Ends when the server has it all; fails with a <see cref="StompException"/>.</summary>
    public Task Done => _done.Task;

    /// <summary>False as long as nothing of it can have left this process.</summary>
    public bool MayHaveBeenSent { get; set; }

    public void Succeed() => _done.TrySetResult();

    public void Fail(Exception error)
    {
        _done.TrySetException(error);
        // The caller may have stopped waiting.
        _ = _done.Task.Exception;
    }
}
