using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Consuming from ActiveMQ. An UNSUBSCRIBE gives back everything unacknowledged, what is in work too, and an acknowledgement makes room for the
/// next message: so a consumer that stops sends copies of its untaken messages back, and keeps the originals unacknowledged, as plugs,
/// until what is in work has been settled. A process that dies in between leaves both: a message may come twice, and never not at all.
/// </summary>
internal sealed class ActiveMqConsumers(StompClient client, Func<string> nextId)
{
    internal Task SubscribeAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        consumer.Client = client;
        return client.SubscribeAsync(
            new StompSubscriptionOptions
            {
                Id = consumer.Id,
                Destination = Destinations.ActiveMq(consumer.Queue),
                AckMode = StompAckMode.ClientIndividual,
                Headers = [new("activemq.prefetchSize", consumer.Prefetch.ToString(CultureInfo.InvariantCulture))],
            },
            consumer.OnMessage, cancellationToken);
    }

    internal async Task StopAsync(StompConsumer consumer, IReadOnlyList<Delivery> untaken, bool handedOut, CancellationToken cancellationToken)
    {
        if (!handedOut)
        {
            await EndAsync(consumer, cancellationToken).ConfigureAwait(false);
            return;
        }
        foreach (var delivery in untaken)
        {
            if (consumer.Find(delivery.Claim.Tag) is { } frame)
            {
                await SendBackAsync(consumer, frame, delivery.Claim.Tag, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs on the reader, so the work is done elsewhere.</summary>
    internal void GiveBack(StompConsumer consumer, StompFrame frame, long tag) => _ = Task.Run(async () =>
    {
        try
        {
            await SendBackAsync(consumer, frame, tag, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StompException)
        {
            // It is unacknowledged still: the end of the consumer, or of the connection, gives it back.
        }
    });

    internal async Task EndAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        var plugs = consumer.TakePlugs();
        if (plugs.Count > 0)
        {
            var transaction = nextId();
            await client.RequestAsync(
                [StompFrames.Begin(transaction), .. plugs.Select(ackId => StompFrames.Ack(ackId, transaction)), StompFrames.Commit(transaction)],
                cancellationToken).ConfigureAwait(false);
        }
        await client.UnsubscribeAsync(consumer.Id, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private async Task SendBackAsync(StompConsumer consumer, StompFrame frame, long tag, CancellationToken cancellationToken)
    {
        await client.RequestAsync(Copies.Of(frame, Destinations.ActiveMq(consumer.Queue)), cancellationToken).ConfigureAwait(false);
        consumer.Plug(tag);
    }
}
