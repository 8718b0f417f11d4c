using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Amqp.Receiving;

/// <summary>The consumer of one queue on one channel: turns what the broker pushes into deliveries.</summary>
internal sealed class QueueConsumer(AmqpSubscription subscription, DeliveryChannel channel, string queue, string tag, ILogger log) : IAsyncBasicConsumer
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IChannel Channel => channel.Channel;

    public string Queue => queue;

    public string Tag => tag;

    /// <summary>The broker has ended this consumer by itself: its queue was deleted or failed.</summary>
    public bool IsCancelledByBroker { get; private set; }

    /// <summary>Ends when no further delivery can come: the cancel was answered and what came before it is worked through, or the channel is closed.</summary>
    public Task Ended => _ended.Task;

    public async Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        try
        {
            var received = ReceivedMessage.From(exchange, routingKey, properties, body);
            subscription.Arrived(channel.DeliveryOf(subscription.Transport, queue, deliveryTag, redelivered, received));
        }
        catch (Exception error)
        {
            // Left as it is it would hold a slot for ever and nobody would know.
            Log.DeliveryUnreadable(log, error, queue);
            await channel.SettleAsync(new DeliveryClaim((long)deliveryTag, channel.Generation, 0), Settlement.Requeue).ConfigureAwait(false);
        }
    }

    public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        IsCancelledByBroker = true;
        _ended.TrySetResult();
        subscription.Changed();
        return Task.CompletedTask;
    }

    public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _ended.TrySetResult();
        return Task.CompletedTask;
    }

    public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        _ended.TrySetResult();
        return Task.CompletedTask;
    }
}
