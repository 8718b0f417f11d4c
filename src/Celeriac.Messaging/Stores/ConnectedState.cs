namespace Celeriac.Messaging.Stores;

/// <summary>A store's shared state behind its transport: it connects by itself, and what it takes is checked.</summary>
internal sealed class ConnectedState(StoreTransport transport, IStateStore store) : IStateStore
{
    public ChangeSignal? Followed => store.Followed;

    public async ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        StateRules.Require(keys);
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await store.ReadAsync(keys, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default)
    {
        StateRules.Require(changes);
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await store.TryWriteAsync(changes, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default)
    {
        StateRules.RequirePage(prefix, limit);
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await store.ListAsync(prefix, limit, after, cancellationToken).ConfigureAwait(false);
    }
}
