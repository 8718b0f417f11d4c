using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Stomp.Receiving;

/// <summary>Takes one message with a consumer of its own, which lives until the message is settled: STOMP has no GET.</summary>
internal static class SingleGet
{
    internal static async Task<Delivery?> TakeAsync(StompTransport transport, Connected<StompConnection> connected, string queue, CancellationToken cancellationToken)
    {
        var (connection, generation) = connected;
        var found = await connection.Broker.FindAsync(queue, cancellationToken).ConfigureAwait(false) ?? throw StompTransport.NoSuchQueue(queue);
        var consumer = connection.Add(found, prefetch: 1, isSingle: true);
        Delivery? taken = null;
        // The reader's thread writes it, and what we wait for afterwards comes over the same thread later.
        consumer.Received = (_, frame, tag) => Volatile.Write(ref taken, Deliveries.Of(transport, connection, generation, consumer, frame, tag));
        try
        {
            await connection.Broker.SubscribeAsync(consumer, cancellationToken).ConfigureAwait(false);
            await connection.Broker.SettleDownAsync(consumer, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await connection.EndAsync(consumer, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        if (Volatile.Read(ref taken) is not { } delivery)
        {
            await connection.EndAsync(consumer, CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        return delivery;
    }
}
