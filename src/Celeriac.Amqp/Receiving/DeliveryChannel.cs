using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Links;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Receiving;

/// <summary>A channel on which deliveries come and are settled. A delivery's tag has a meaning on its own channel only, so each channel is a generation.</summary>
internal sealed class DeliveryChannel : IAsyncDisposable
{
    private readonly Action _closed;
    private readonly Lock _flushLock = new();
    private Task _flush = Task.CompletedTask;
    private Task? _nextFlush;

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
    /// <param name="claim">The delivery's claim.</param>
    /// <param name="settlement">How.</param>
    /// <param name="isEarly">True to return only when the broker has worked it through (<see cref="Completion.IsEarly"/>).</param>
    public async ValueTask<bool> SettleAsync(DeliveryClaim claim, Settlement settlement, bool isEarly = false)
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
            if (isEarly)
            {
                await FlushSharedAsync().ConfigureAwait(false);
            }
            return IsOpen;
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            return false;
        }
    }

    /// <summary>True once the broker has taken a reply over this connection: what it refuses would close this channel, and with it all that runs.</summary>
    public bool TakesReplies { get; set; }

    /// <summary>Replies and acknowledges in one write. False where the channel is gone, as in <see cref="SettleAsync"/>; null where nothing was done, because the reply would have to wait.</summary>
    public async ValueTask<bool?> ReplyAndAckAsync(DeliveryClaim claim, string queue, AmqpProperties properties, ReadOnlyMemory<byte> body)
    {
        if (!TakesReplies || Connection.Blocked is not null)
        {
            return null;
        }
        try
        {
            if (!await Channel.ReplyAsync(queue, properties, body).ConfigureAwait(false))
            {
                return null;
            }
            await Channel.AckAsync((ulong)claim.Tag).ConfigureAwait(false);
            return IsOpen;
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            return false;
        }
    }

    /// <summary>The same as <see cref="FlushAsync"/> for many at once: who comes while a question is under way shares the next one.</summary>
    public Task FlushSharedAsync()
    {
        lock (_flushLock)
        {
            return _nextFlush ??= FlushAfterAsync(_flush);
        }
    }

    private async Task FlushAfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_flushLock)
        {
            (_flush, _nextFlush) = (_nextFlush!, null);
        }
        await FlushAsync().ConfigureAwait(false);
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
