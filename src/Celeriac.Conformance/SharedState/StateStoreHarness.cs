using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>Where the facts of <see cref="StateStoreConformance{THarness}"/> run: a store of shared state and the clients on it. xunit makes one for each fact.</summary>
public abstract class StateStoreHarness : IAsyncDisposable
{
    private readonly List<TaskClient> _opened = [];

    /// <summary>The store's URL, as <see cref="CeleriacOptions.StateStore"/> takes it.</summary>
    public abstract string StateStore { get; }

    /// <summary>
    /// The assembly of the peer program, which calls <see cref="StatePeerProgram.RunAsync"/> with the argument after <c>state</c>; null where processes cannot share the store.
    /// </summary>
    public virtual string? PeerAssembly => null;

    /// <summary>How long a fact waits for what must happen before it fails.</summary>
    public virtual TimeSpan Patience => TimeSpan.FromSeconds(45);

    /// <summary>Called before everything else, once for each fact. Default: nothing.</summary>
    public virtual ValueTask StartAsync() => ValueTask.CompletedTask;

    /// <summary>A client on the store, disposed with the harness.</summary>
    public IStateStore Open()
    {
        var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = $"memory://{Guid.NewGuid():N}", StateStore = StateStore });
        _opened.Add(client);
        return client.State ?? throw new InvalidOperationException($"'{StateStore}' keeps no shared state.");
    }

    /// <summary>Closes every client, then calls <see cref="CleanUpAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync();
        }
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Deletes what the place has left behind.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;
}
