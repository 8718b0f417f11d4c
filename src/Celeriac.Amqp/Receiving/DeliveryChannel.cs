using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Celeriac.Amqp.Receiving;

/// <summary>A channel on which deliveries come and are settled. A delivery's tag has a meaning on its own channel only, so each channel is a generation.</summary>
internal sealed class DeliveryChannel : IAsyncDisposable
{
    private readonly Action _closed;

    public DeliveryChannel(AmqpConnection connection, IChannel channel, long generation, Action closed)
    {
        Connection = connection;
        Channel = channel;
        Generation = generation;
        _closed = closed;
        channel.ChannelShutdownAsync += OnShutdownAsync;
    }

    public AmqpConnection Connection { get; }

    public IChannel Channel { get; }

    public long Generation { get; }

    public bool IsOpen => Channel.IsOpen && !Connection.IsLost;

    /// <summary>A delivery that came on this channel.</summary>
    public Delivery DeliveryOf(ITransport transport, string queue, ulong tag, bool isRedelivered, ReceivedMessage received) =>
        new(transport, received.Message, queue, new DeliveryClaim((long)tag, Generation, 0))
        {
            Exchange = received.Exchange,
            RoutingKey = received.RoutingKey,
            Redelivered = isRedelivered,
        };

    /// <summary>Settles; false where the channel is gone and with it the tag: the broker hands the message out again.</summary>
    public async Task<bool> SettleAsync(DeliveryClaim claim, Settlement settlement)
    {
        try
        {
            switch (settlement)
            {
                case Settlement.Ack:
                    await Channel.BasicAckAsync((ulong)claim.Tag, multiple: false, CancellationToken.None).ConfigureAwait(false);
                    break;
                case Settlement.Reject:
                    await Channel.BasicRejectAsync((ulong)claim.Tag, requeue: false, CancellationToken.None).ConfigureAwait(false);
                    break;
                case Settlement.Requeue:
                    await Channel.BasicRejectAsync((ulong)claim.Tag, requeue: true, CancellationToken.None).ConfigureAwait(false);
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
    public Task FlushAsync() => Channel.BasicQosAsync(0, Prefetch, global: false, CancellationToken.None);

    /// <summary>How much the broker may send to each consumer without an answer.</summary>
    public ushort Prefetch { get; set; }

    public async ValueTask DisposeAsync()
    {
        Channel.ChannelShutdownAsync -= OnShutdownAsync;
        await AmqpConnection.CloseAsync(Channel).ConfigureAwait(false);
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        _closed();
        return Task.CompletedTask;
    }
}
