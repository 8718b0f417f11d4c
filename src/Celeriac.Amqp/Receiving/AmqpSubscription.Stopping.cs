using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Receiving;

// How it ends: nothing new comes, what nobody took goes back, and with the last channel everything else.
internal sealed partial class AmqpSubscription
{
    public async ValueTask CancelAsync(CancellationToken cancellationToken = default) =>
        await StopAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_disposed)
            {
                _disposed = true;
                await DropChannelAsync().ConfigureAwait(false);
                Transport.Forget(this);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StopAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_cancelled)
            {
                return;
            }
            _cancelled = true;
            var untaken = _pushed.Cancel();
            if (_channel is { IsOpen: true } channel)
            {
                await GiveBackAsync(channel, untaken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the consumers, waits until nothing more can come, and gives back what nobody took, in its order.</summary>
    private async Task GiveBackAsync(DeliveryChannel channel, IReadOnlyList<Delivery> untaken)
    {
        try
        {
            foreach (var consumer in _consumers.Where(consumer => !consumer.IsCancelledByBroker))
            {
                await channel.Channel.CancelAsync(consumer.Tag).ConfigureAwait(false);
                await consumer.End.ConfigureAwait(false);
            }
            if (_pushed.HandedOut == 0)
            {
                // Nothing is left to settle here. A quorum queue puts what is rejected singly behind the others; what a channel leaves goes back to the front.
                await DropChannelAsync().ConfigureAwait(false);
                return;
            }
            List<Delivery> back;
            lock (_lateLock)
            {
                back = [.. untaken, .. _late];
                _late.Clear();
            }
            foreach (var delivery in back.Where(delivery => delivery.Claim.Generation == channel.Generation).OrderBy(delivery => delivery.Claim.Tag))
            {
                await channel.Channel.RejectAsync((ulong)delivery.Claim.Tag, requeue: true).ConfigureAwait(false);
            }
            await channel.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (AmqpConnection.IsOfTheChannel(error))
        {
            // The channel is gone: the broker has everything back.
        }
    }

    private async Task DropChannelAsync()
    {
        if (_channel is { } channel)
        {
            Volatile.Write(ref _channel, null);
            await _channels.CloseAsync(channel).ConfigureAwait(false);
        }
    }
}
