using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Links;

/// <summary>
/// One channel. What the server refuses closes it. Every call throws <see cref="AmqpClosedException"/> where the channel is or gets closed, and
/// <see cref="TimeoutException"/> where the server does not answer. Disposing says goodbye, waits for the answer for a moment, and never throws.
/// </summary>
internal interface IAmqpChannel : IAsyncDisposable
{
    bool IsOpen { get; }

    /// <summary>Why it is closed; null while it is open.</summary>
    CloseReason? Reason { get; }

    /// <summary>True where properties go to the wire byte by byte as they are given.</summary>
    bool IsExact { get; }

    /// <summary>It is closed.</summary>
    event Action? Closed;

    Task DeclareExchangeAsync(string exchange, string type, bool durable, bool noWait = false);

    /// <summary>Closes the channel where the exchange does not exist.</summary>
    Task ExpectExchangeAsync(string exchange);

    Task DeleteExchangeAsync(string exchange);

    Task BindExchangeAsync(string destination, string source, string routingKey, bool noWait = false);

    Task DeclareQueueAsync(QueueDeclaration queue, MessageHeaders arguments, bool noWait = false);

    /// <summary>Closes the channel where the queue does not exist.</summary>
    Task<QueueCounts> CountAsync(string queue);

    Task DeleteQueueAsync(string queue);

    Task<long> PurgeAsync(string queue);

    Task BindQueueAsync(string queue, string exchange, string routingKey, bool noWait = false);

    Task UnbindQueueAsync(string queue, string exchange, string routingKey);

    /// <summary>How much the server may send to each consumer without an answer. Its answer comes when all that was sent before is worked through.</summary>
    Task PrefetchAsync(ushort count);

    Task ConsumeAsync(string queue, string tag, MessageHeaders arguments, IAmqpConsumer consumer);

    Task CancelAsync(string tag);

    Task<Incoming?> GetAsync(string queue);

    ValueTask AckAsync(ulong tag);

    ValueTask RejectAsync(ulong tag, bool requeue);

    /// <summary>Publishes to a queue on a channel without confirmations, whole and before the next acknowledgement, with which it may leave; false where it would have to wait.</summary>
    ValueTask<bool> ReplyAsync(string queue, AmqpProperties properties, ReadOnlyMemory<byte> body);

    /// <summary>From now on the server's answers to publishes go there.</summary>
    void Confirm(IConfirmations confirmations);

    /// <summary>Publishes where that needs no waiting; false where it would. The message leaves with the next <see cref="Flush"/>.</summary>
    bool TryPublish(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body);

    /// <summary>Sends what was published without waiting. Call it without a lock.</summary>
    /// <param name="isHere">True where this thread may do it, because no other frames are near.</param>
    void Flush(bool isHere);

    /// <summary>Returns when the message is on its way, which can take as long as the server takes nothing.</summary>
    ValueTask PublishAsync(string exchange, string routingKey, bool isMandatory, AmqpProperties properties, ReadOnlyMemory<byte> body);
}

/// <summary>A message that has come.</summary>
internal readonly record struct Incoming(ulong Tag, bool IsRedelivered, ReceivedMessage Message);

/// <summary>What becomes of a consumer. Nothing here may wait: the connection reads on only afterwards.</summary>
internal interface IAmqpConsumer
{
    void Delivered(in Incoming incoming);

    /// <summary>The server has ended it by itself.</summary>
    void Cancelled();

    /// <summary>No further delivery can come: the cancel was answered, or the channel is closed.</summary>
    void Ended();
}

/// <summary>The server's answers to the publishes of a channel, which are counted from 1.</summary>
internal interface IConfirmations
{
    void Answered(ulong number, bool upTo, bool isTaken);

    /// <summary>A mandatory message that reaches no queue; its answer follows.</summary>
    void Returned(string exchange, string routingKey, Message message);
}
