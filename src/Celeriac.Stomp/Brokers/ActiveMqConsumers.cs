using System.Globalization;
using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Brokers;

/// <summary>Beginning and ending to consume from ActiveMQ.</summary>
internal sealed class ActiveMqConsumers(StompClient client, Func<string> nextId)
{
    internal Task SubscribeAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        consumer.Client = client;
        var subscribing = client.SubscribeAsync(
            new StompSubscriptionOptions
            {
                Id = consumer.Id,
                Destination = Destinations.ActiveMq(consumer.Queue),
                AckMode = StompAckMode.ClientIndividual,
                Headers = [new("activemq.prefetchSize", consumer.Prefetch.ToString(CultureInfo.InvariantCulture))],
            },
            consumer.OnMessage, CancellationToken.None);
        // The token ends the wait only: whoever gives up ends the consumer, and the broker refuses to end one that was never begun.
        _ = subscribing.ContinueWith(static left => left.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return subscribing.WaitAsync(cancellationToken);
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
