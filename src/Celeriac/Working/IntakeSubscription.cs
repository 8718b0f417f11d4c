using Celeriac.Messaging;

namespace Celeriac.Working;

/// <summary>A subscription of a worker. One that is no longer received from lives on until its last delivery is settled.</summary>
internal sealed class IntakeSubscription(ISubscription subscription, CancellationTokenSource changed)
{
    private readonly Lock _lock = new();
    private int _unsettled;
    private Task? _ending;
    private volatile bool _isRetired;

    /// <summary>Fires when the worker stops or another subscription is to take over.</summary>
    public CancellationToken Changed { get; } = changed.Token;

    /// <summary>See <see cref="ISubscription.SettleWithin"/>.</summary>
    public TimeSpan? SettleWithin => subscription.SettleWithin;

    /// <summary>True once its last delivery is settled and nothing comes any more.</summary>
    public bool IsDisposed => Volatile.Read(ref _ending)?.IsCompleted is true;

    public async ValueTask<Delivery?> ReceiveAsync()
    {
        var delivery = await subscription.ReceiveAsync(Changed).ConfigureAwait(false);
        if (delivery is not null)
        {
            Interlocked.Increment(ref _unsettled);
        }
        return delivery;
    }

    /// <summary>One of its deliveries is settled.</summary>
    public void Settled()
    {
        if (Interlocked.Decrement(ref _unsettled) == 0 && _isRetired)
        {
            _ = DisposeAsync();
        }
    }

    /// <summary>Nothing more is received from it; what was fetched goes back.</summary>
    public async ValueTask RetireAsync()
    {
        try
        {
            await subscription.CancelAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // The broker is away, or the queue is gone: there is nothing to give back to.
        }
        _isRetired = true;
        if (Volatile.Read(ref _unsettled) == 0)
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends it; what is not settled goes back.</summary>
    public Task DisposeAsync()
    {
        lock (_lock)
        {
            return _ending ??= EndAsync();
        }
    }

    private async Task EndAsync()
    {
        // Not under the lock, and not on the thread that has settled the last delivery.
        await Task.Yield();
        changed.Dispose();
        try
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
        catch (TransportException)
        {
            // The broker is away: it has the messages back by that alone.
        }
    }
}
