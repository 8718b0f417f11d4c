namespace Celeriac.Messaging.Stores;

// How the store is opened: once, where it lies inside the process; by itself, where it is behind a network.
public sealed partial class StoreTransport
{
    /// <inheritdoc/>
    public async ValueTask ConnectAsync(CancellationToken cancellationToken = default)
    {
        await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        if (IsBehindNetwork)
        {
            await _store.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes or changes the store's tables; a sentence about it, or null where the store has nothing of the kind.</summary>
    internal ValueTask<string?> MigrateAsync(CancellationToken cancellationToken) => _store.MigrateAsync(cancellationToken);

    /// <summary>Opens a store inside the process; one behind a network connects by itself and is waited for where it is needed.</summary>
    internal async ValueTask EnsureOpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Volatile.Read(ref _connected))
        {
            return;
        }
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_connected)
            {
                if (!IsBehindNetwork)
                {
                    await OpenAsync(cancellationToken).ConfigureAwait(false);
                }
                _keeper.Start();
                Volatile.Write(ref _connected, true);
            }
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _store.OpenAsync(cancellationToken).ConfigureAwait(false);
            _health = new TransportHealth(ConnectionState.Connected, _time.GetUtcNow());
        }
        catch (TransportException error)
        {
            _health = new TransportHealth(ConnectionState.Closed, _time.GetUtcNow(), error.Message);
            throw;
        }
    }
}
