using Celeriac.Amqp.Links;
using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp.Receiving;

/// <summary>The consumer of one queue on one channel: turns what the broker pushes into deliveries.</summary>
internal sealed class QueueConsumer(AmqpSubscription subscription, DeliveryChannel channel, string queue, string tag, ILogger log) : IAmqpConsumer
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Queue => queue;

    public string Tag => tag;

    /// <summary>The broker has ended this consumer by itself: its queue was deleted or failed.</summary>
    public bool IsCancelledByBroker { get; private set; }

    /// <summary>Ends when no further delivery can come: the cancel was answered and what came before it is worked through, or the channel is closed.</summary>
    public Task End => _ended.Task;

    public void Delivered(in Incoming incoming)
    {
        try
        {
            subscription.Arrived(channel.DeliveryOf(subscription.Transport, queue, incoming));
        }
        catch (Exception error)
        {
            // Left as it is it would hold a slot for ever and nobody would know.
            Log.DeliveryUnreadable(log, error, queue);
            _ = channel.SettleAsync(new DeliveryClaim((long)incoming.Tag, channel.Generation, 0), Settlement.Requeue).AsTask();
        }
    }

    public void Cancelled()
    {
        IsCancelledByBroker = true;
        _ended.TrySetResult();
        subscription.Changed();
    }

    public void Ended() => _ended.TrySetResult();
}
