using System.Collections.Concurrent;
using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Receiving;

/// <summary>The channels on which deliveries can still be settled, by their generation. A delivery whose generation is not here is lost: the broker has it back.</summary>
internal sealed class DeliveryChannels
{
    private readonly ConcurrentDictionary<long, (DeliveryChannel Channel, Action<Delivery> Settled)> _open = new();
    private long _generation;

    /// <param name="connection">The connection.</param>
    /// <param name="closed">Called when the channel closes by itself.</param>
    /// <param name="settled">Called for each delivery that was settled.</param>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public async Task<DeliveryChannel> OpenAsync(AmqpConnection connection, Action closed, Action<Delivery> settled)
    {
        var opened = await connection.OpenChannelAsync().ConfigureAwait(false);
        var channel = new DeliveryChannel(connection, opened, Interlocked.Increment(ref _generation), closed);
        _open[channel.Generation] = (channel, settled);
        return channel;
    }

    public async ValueTask CloseAsync(DeliveryChannel channel)
    {
        _open.TryRemove(channel.Generation, out _);
        await channel.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>True while the delivery can be settled.</summary>
    public bool Holds(Delivery delivery) => _open.TryGetValue(delivery.Claim.Generation, out var open) && open.Channel.IsOpen;

    /// <summary>Settles; Lost where the delivery's channel is gone.</summary>
    public async ValueTask<CompletionStatus> SettleAsync(Delivery delivery, Settlement settlement, bool isEarly)
    {
        if (!_open.TryGetValue(delivery.Claim.Generation, out var open) || !await open.Channel.SettleAsync(delivery.Claim, settlement, isEarly).ConfigureAwait(false))
        {
            return CompletionStatus.Lost;
        }
        open.Settled(delivery);
        return CompletionStatus.Applied;
    }

    /// <summary>The broker has taken a reply to this delivery.</summary>
    public void Replied(Delivery delivery)
    {
        if (_open.TryGetValue(delivery.Claim.Generation, out var open))
        {
            open.Channel.TakesReplies = true;
        }
    }

    /// <summary>Replies and acknowledges in one write; null where the reply must go first, by itself.</summary>
    public async ValueTask<CompletionStatus?> ReplyAndAckAsync(Delivery delivery, string queue, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        if (!_open.TryGetValue(delivery.Claim.Generation, out var open))
        {
            return CompletionStatus.Lost;
        }
        switch (await open.Channel.ReplyAndAckAsync(delivery.Claim, queue, properties, body).ConfigureAwait(false))
        {
            case null:
                return null;
            case false:
                return CompletionStatus.Lost;
            default:
                open.Settled(delivery);
                return CompletionStatus.Applied;
        }
    }
}
