using Celeriac.Messaging;
using Celeriac.Stomp.Receiving;
using Celeriac.Stomp.Sending;

namespace Celeriac.Stomp.Brokers;

/// <summary>What differs between the servers that speak STOMP, on one connection: STOMP itself knows no queues, no exchanges and no durability.</summary>
internal interface IStompBroker
{
    /// <summary>What the server can do, as far as is known now.</summary>
    TransportCapabilities Capabilities { get; }

    /// <summary>Called once, after the login.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="ITransport.DeclareAsync"/>
    Task DeclareAsync(Topology topology, CancellationToken cancellationToken);

    /// <inheritdoc cref="ITransport.UnbindAsync"/>
    Task UnbindAsync(Binding binding, CancellationToken cancellationToken);

    /// <inheritdoc cref="ITransport.DeleteQueueAsync"/>
    Task<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken);

    /// <inheritdoc cref="ITransport.DeleteExchangeAsync"/>
    Task<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken);

    /// <summary>The queue, or null where there is none.</summary>
    Task<KnownQueue?> FindAsync(string queue, CancellationToken cancellationToken);

    /// <summary>Refuses a publication that the server cannot carry as it is asked.</summary>
    /// <exception cref="TransportRefusedException">It asks for a delay, for example, and the server has none.</exception>
    void Require(in Publication publication, DateTimeOffset now);

    /// <summary>The queues that a publication reaches, each once; null where the exchange does not exist.</summary>
    Task<IReadOnlyList<KnownQueue>?> RouteAsync(Publication publication, CancellationToken cancellationToken);

    /// <summary>The SEND frame of a publication to one of its queues.</summary>
    /// <exception cref="TransportRefusedException">The message cannot be carried.</exception>
    StompFrame FrameOf(in Publication publication, KnownQueue queue, DateTimeOffset now);

    /// <summary>How many messages are ready, and whether there may be more.</summary>
    Task<QueueCounts> CountAsync(KnownQueue queue, long heldHere, CancellationToken cancellationToken);

    /// <summary>Drops what is ready.</summary>
    Task<long> PurgeAsync(KnownQueue queue, CancellationToken cancellationToken);

    /// <summary>Begins to consume; the consumer's handler may be called before it returns.</summary>
    Task SubscribeAsync(StompConsumer consumer, CancellationToken cancellationToken);

    /// <summary>Returns when a message that was ready when <see cref="SubscribeAsync"/> was called has reached the consumer.</summary>
    Task SettleDownAsync(StompConsumer consumer, CancellationToken cancellationToken);

    /// <summary>Stops consuming while something is in work, which can still be settled; what waits here (<paramref name="untaken"/>) goes back in its order.</summary>
    Task StopAsync(StompConsumer consumer, IReadOnlyList<Delivery> untaken, CancellationToken cancellationToken);

    /// <summary>Called on the reader for a message that reaches a consumer which is stopping.</summary>
    void GiveBack(StompConsumer consumer, StompFrame frame, long tag);

    /// <summary>Ends a consumer: everything unsettled goes back.</summary>
    Task EndAsync(StompConsumer consumer, CancellationToken cancellationToken);

    /// <summary>What settles a delivery, to be sent together with its follow-ups.</summary>
    SettlementPlan SettlementOf(StompConsumer consumer, StompFrame frame, Settlement settlement);

    /// <summary>Sends works so that all of them or none take effect; see <see cref="StompSender"/>.</summary>
    Task ExecuteAsync(IReadOnlyList<StompWork> works);

    /// <summary>The name of a reply queue in a frame of a third party.</summary>
    string ReadReplyTo(string replyTo);
}

/// <summary>A queue as its broker knows it.</summary>
/// <param name="Declaration">Its properties; where the broker does not tell them, the name alone.</param>
/// <param name="Incarnation">Which queue of that name; 0 where nobody knows.</param>
internal readonly record struct KnownQueue(QueueDeclaration Declaration, long Incarnation)
{
    /// <summary>The name.</summary>
    public string Name => Declaration.Name;
}

/// <summary>How a delivery is settled on a server.</summary>
/// <param name="Sends">Messages that belong to it, such as the copy that goes back to the queue.</param>
/// <param name="Settlement">The frame that acknowledges or refuses it; null where ending the consumer settles it.</param>
/// <param name="LeavesPlug">The original stays unacknowledged until the consumer ends; see <see cref="StompConsumer.Plug"/>.</param>
internal readonly record struct SettlementPlan(IReadOnlyList<StompFrame> Sends, StompFrame? Settlement, bool LeavesPlug = false);
