using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging;

/// <summary>
/// What a transport needs to find a delivery again: its tag, and the generation in which the tag is valid
/// (a broker's connection number, or a store's attempt number). A stale generation is never settled.
/// </summary>
/// <param name="Tag">A broker's delivery tag, or a store's row.</param>
/// <param name="Generation">The connection's or the claim's number.</param>
/// <param name="Holder">Who claimed it: a store's lease holder; 0 on brokers.</param>
public readonly record struct DeliveryClaim(long Tag, long Generation, long Holder);

/// <summary>A received message, which must be settled exactly once.</summary>
public sealed class Delivery
{
    private readonly ITransport _transport;
    private readonly Lock _lock = new();
    private Completion? _completion;
    private int _hasLeft;
    private Task<CompletionStatus>? _settling;

    /// <summary>Called by transports.</summary>
    public Delivery(ITransport transport, Message message, string queue, DeliveryClaim claim)
    {
        _transport = transport;
        Message = message;
        Queue = queue;
        Claim = claim;
    }

    /// <summary>The message.</summary>
    public Message Message { get; }

    /// <summary>The queue it was received from.</summary>
    public string Queue { get; }

    /// <summary>The exchange it was published to.</summary>
    public string Exchange { get; init; } = "";

    /// <summary>The routing key it was published with.</summary>
    public string RoutingKey { get; init; } = "";

    /// <summary>True when the message was handed out before and came back.</summary>
    public bool Redelivered { get; init; }

    /// <summary>How often the message came back because its holder died or froze, where the transport counts that; else null.</summary>
    public int? Deaths { get; init; }

    /// <summary>The transport's handle on the delivery.</summary>
    public DeliveryClaim Claim { get; }

    /// <summary>What the consumer that received it accepts; the reading extensions check against it.</summary>
    internal ContentRegistry Contents { get; set; } = ContentRegistry.Default;

    /// <summary>
    /// Where a user's own transaction ends the claim: asks whether it was committed. Should it be rolled back, the claim is there and the delivery is settled like
    /// any other, or lost.
    /// </summary>
    internal Func<ValueTask<bool>>? WasCommittedAsync { get; set; }

    /// <summary>True for the first who asks: he gives back the delivery's share of the prefetch.</summary>
    internal bool TryLeave() => Interlocked.Exchange(ref _hasLeft, 1) == 0;

    /// <summary>True once a settlement has been decided.</summary>
    public bool IsSettled => Volatile.Read(ref _completion) is not null && !WasRefused;

    /// <summary>Done with the message.</summary>
    /// <inheritdoc cref="CompleteAsync"/>
    public ValueTask<CompletionStatus> AckAsync(CancellationToken cancellationToken = default) =>
        CompleteAsync(new Completion(this, Settlement.Ack), cancellationToken);

    /// <summary>Refuses the message: to the dead-letter exchange, or dropped where the queue has none.</summary>
    /// <inheritdoc cref="CompleteAsync"/>
    public ValueTask<CompletionStatus> RejectAsync(CancellationToken cancellationToken = default) =>
        CompleteAsync(new Completion(this, Settlement.Reject), cancellationToken);

    /// <summary>Gives the message back to its queue.</summary>
    /// <inheritdoc cref="CompleteAsync"/>
    public ValueTask<CompletionStatus> RequeueAsync(CancellationToken cancellationToken = default) =>
        CompleteAsync(new Completion(this, Settlement.Requeue), cancellationToken);

    /// <summary>Settles with follow-ups and a document, as one step.</summary>
    /// <exception cref="AlreadySettledException">The delivery was settled before, by another completion.</exception>
    public ValueTask<CompletionStatus> CompleteAsync(Completion completion, CancellationToken cancellationToken = default) =>
        _transport.CompleteAsync(completion, cancellationToken);

    /// <summary>
    /// Called by transports at the start of a completion: decides the settlement once. The same completion may come again,
    /// because the first try may have failed on its way to the broker; another one only after the first was refused for good.
    /// </summary>
    /// <exception cref="AlreadySettledException">Another completion was first.</exception>
    public void BeginSettling(Completion completion)
    {
        lock (_lock)
        {
            if (_completion is not null && !ReferenceEquals(_completion, completion))
            {
                if (!WasRefused)
                {
                    throw new AlreadySettledException(this, _completion.Settlement, completion.Settlement);
                }
                _settling = null;
            }
            _completion = completion;
        }
    }

    // A broker that is away may have taken the completion; one that refuses it, or a fault on our side, has not.
    private bool WasRefused => _settling?.Exception?.InnerException is TransportRefusedException or (not null and not TransportException);

    /// <summary>
    /// Called by transports: starts settling, or answers with the settling that is under way or done; one that failed is started again.
    /// So a completion that is handed in again after its caller stopped waiting is applied once and answered truly.
    /// </summary>
    public Task<CompletionStatus> SettleOnce(Func<Task<CompletionStatus>> settle) => SettleOnce(static start => start(), settle);

    internal Task<CompletionStatus> SettleOnce<TState>(Func<TState, Task<CompletionStatus>> settle, TState state)
    {
        lock (_lock)
        {
            if (_settling is null || _settling.IsFaulted || _settling.IsCanceled)
            {
                _settling = settle(state);
            }
            return _settling;
        }
    }
}
