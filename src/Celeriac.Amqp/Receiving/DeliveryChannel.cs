using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Links;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Receiving;

/// <summary>A channel on which deliveries come and are settled. A delivery's tag has a meaning on its own channel only, so each channel is a generation.</summary>
internal sealed class DeliveryChannel : IAsyncDisposable
{
    private readonly Action _closed;

    public DeliveryChannel(AmqpConnection connection, IAmqpChannel channel, long generation, Action closed)
    {
        Connection = connection;
        Channel = channel;
        Generation = generation;
        _closed = closed;
        channel.Closed += closed;
    }

    public AmqpConnection Connection { get; }

    public IAmqpChannel Channel { get; }

    public long Generation { get; }

    public bool IsOpen => Channel.IsOpen && !Connection.IsLost;

    /// <summary>A delivery that came on this channel.</summary>
    public Delivery DeliveryOf(ITransport transport, string queue, in Incoming incoming) =>
        new(transport, incoming.Message.Message, queue, new DeliveryClaim((long)incoming.Tag, Generation, 0))
        {
            Exchange = incoming.Message.Exchange,
            RoutingKey = incoming.Message.RoutingKey,
            Redelivered = incoming.IsRedelivered,
        };

    /// <summary>Settles; false where the channel is gone and with it the tag: the broker hands the message out again.</summary>
    public async ValueTask<bool> SettleAsync(DeliveryClaim claim, Settlement settlement)
    {
        try
        {
            switch (settlement)
            {
                case Settlement.Ack:
                    await Channel.AckAsync((ulong)claim.Tag).ConfigureAwait(false);
                    break;
                case Settlement.Reject:
                    await Channel.RejectAsync((ulong)claim.Tag, requeue: false).ConfigureAwait(false);
                    break;
                case Settlement.Requeue:
                    await Channel.RejectAsync((ulong)claim.Tag, requeue: true).ConfigureAwait(false);
                    await FlushAsync().ConfigureAwait(false);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(settlement), settlement, "Not a settlement.");
            }
            return IsOpen;
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            return false;
        }
    }

    /// <summary>Returns when the broker has worked through all that was sent on this channel: what went back can be received elsewhere.</summary>
    public Task FlushAsync() => Channel.PrefetchAsync(Prefetch);

    /// <summary>How much the broker may send to each consumer without an answer.</summary>
    public ushort Prefetch { get; set; }

    public async ValueTask DisposeAsync()
    {
        Channel.Closed -= _closed;
        await Channel.DisposeAsync().ConfigureAwait(false);
    }
}
