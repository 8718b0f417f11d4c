using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>
/// A client's shared state: where it is, or in words that there is none. Who needs it asks <see cref="Require"/> before anything is published.
/// </summary>
internal sealed class StateHome(IStateStore? store, string whyNone, IAsyncDisposable? owned, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Reads, decides and writes, without others' changes in between; null where there is no shared state.</summary>
    public StateUpdates? Updates { get; } = store is null ? null : new StateUpdates(store, time);

    /// <summary>The store; null where there is none.</summary>
    public IStateStore? Store { get; } = store;

    /// <summary>The store, for something that cannot do without.</summary>
    /// <param name="what">What needs it, as the beginning of a sentence: <c>Task 'mail.send' is unique, which</c>.</param>
    /// <exception cref="SharedStateException">There is none; the message names the setting and a value.</exception>
    public StateUpdates Require(string what) => Updates ?? throw new SharedStateException(
        $"{what} needs shared state, but there is none: {whyNone}. Set state_store to a store that all clients and workers reach, for example redis://localhost:6379/0, or sqlite://state.db on one host.");

    public ValueTask DisposeAsync() => owned?.DisposeAsync() ?? ValueTask.CompletedTask;
}
