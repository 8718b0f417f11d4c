using System.Globalization;
using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Brokers;

/// <summary>Beginning and ending to consume from ActiveMQ.</summary>
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

    internal async Task EndAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        var plugs = await SendingBack.PlugsOfAsync(consumer).ConfigureAwait(false);
        if (plugs.Count > 0)
        {
            var transaction = nextId();
            await client.RequestAsync(
                [StompFrames.Begin(transaction), .. plugs.Select(ackId => StompFrames.Ack(ackId, transaction)), StompFrames.Commit(transaction)],
                cancellationToken).ConfigureAwait(false);
        }
        await client.UnsubscribeAsync(consumer.Id, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
