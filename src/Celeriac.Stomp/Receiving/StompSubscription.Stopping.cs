using Celeriac.Messaging;

namespace Celeriac.Stomp.Receiving;

// How it ends: at once where nothing is in work, and otherwise with the last delivery that is settled.
internal sealed partial class StompSubscription
{
    private void OnSettled(Delivery delivery)
    {
        _deliveries.Settled(delivery);
        if (_cancelled && _deliveries.HandedOut == 0)
        {
            // The last one in work: now the consumers can end, and what the broker has sent them meanwhile goes back.
            _ = EndWhenIdleAsync();
        }
    }

    private async Task EndWhenIdleAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            await EndAllAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_cancelled)
        {
            return;
        }
        _cancelled = true;
        foreach (var consumer in Consumers())
        {
            consumer.IsStopping = true;
        }
        var untaken = _deliveries.Cancel();
        if (_deliveries.HandedOut == 0)
        {
            await EndAllAsync().ConfigureAwait(false);
            return;
        }
        foreach (var consumer in Consumers())
        {
            await StopAsync(consumer, [.. untaken.Where(delivery => delivery.Claim.Holder == consumer.Number)], cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StopAsync(StompConsumer consumer, IReadOnlyList<Delivery> untaken, CancellationToken cancellationToken)
    {
        try
        {
            await _connection!.Broker.StopAsync(consumer, untaken, cancellationToken).ConfigureAwait(false);
        }
        catch (StompException error)
        {
            Log.GiveBackFailed(_log, error, consumer.Queue);
        }
    }

    private static void End(IReadOnlyList<StompConsumer> consumers)
    {
        foreach (var consumer in consumers)
        {
            (consumer.IsStopping, consumer.IsEnding) = (true, true);
        }
    }

    private async Task EndAllAsync()
    {
        var consumers = Consumers();
        End(consumers);
        foreach (var consumer in consumers)
        {
            try
            {
                await _connection!.EndAsync(consumer, CancellationToken.None).ConfigureAwait(false);
            }
            catch (StompException error)
            {
                // A lost connection has given everything back already.
                Log.GiveBackFailed(_log, error, consumer.Queue);
            }
        }
        lock (_lock)
        {
            _consumers = [];
        }
    }
}
