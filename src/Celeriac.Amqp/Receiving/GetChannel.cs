using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Receiving;

/// <summary>Takes single messages, without a consumer, on a channel of its own.</summary>
internal sealed class GetChannel(AmqpTransport transport, DeliveryChannels channels) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private DeliveryChannel? _channel;

    /// <exception cref="TransportRefusedException">The queue does not exist.</exception>
    /// <exception cref="TransportException">The connection was lost.</exception>
    public async Task<Delivery?> GetAsync(AmqpConnection connection, string queue, CancellationToken cancellationToken)
    {
        // An absent queue would close the channel, and what others hold on it would go back.
        if (await AmqpTransport.CountAsync(connection, queue, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new TransportRefusedException($"There is no queue '{queue}' on '{transport.Name}'. Declare it first.");
        }
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var channel = await ChannelAsync(connection).ConfigureAwait(false);
            var got = await channel.Channel.GetAsync(queue).ConfigureAwait(false);
            if (got is not { } incoming)
            {
                return null;
            }
            var delivery = channel.DeliveryOf(transport, queue, incoming);
            if (cancellationToken.IsCancellationRequested)
            {
                // The caller has left: nobody would settle it.
                await channel.SettleAsync(delivery.Claim, Settlement.Requeue).ConfigureAwait(false);
                return null;
            }
            return delivery;
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            throw connection.Explained(error, $"Queue '{queue}' cannot be read");
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<DeliveryChannel> ChannelAsync(AmqpConnection connection)
    {
        if (_channel is { IsOpen: true } open && open.Connection == connection)
        {
            return open;
        }
        if (_channel is { } closed)
        {
            await channels.CloseAsync(closed).ConfigureAwait(false);
        }
        return _channel = await channels.OpenAsync(connection, static () => { }, static _ => { }).ConfigureAwait(false);
    }
}
