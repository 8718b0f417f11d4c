namespace Celeriac.Conformance;

/// <summary>Where the facts of <see cref="ResultStoreConformance{THarness}"/> run: a result store and the clients on it. xunit makes one for each fact.</summary>
public abstract class ResultStoreHarness : IAsyncDisposable
{
    private readonly List<TaskClient> _opened = [];

    /// <summary>The store's URL, as <see cref="CeleriacOptions.ResultBackend"/> takes it; null for what the broker gives.</summary>
    public abstract string? ResultBackend { get; }

    /// <summary>The broker's URL, for stores that need one. Default: a broker in memory of this fact's own.</summary>
    public virtual string BrokerUrl { get; } = $"memory://{Guid.NewGuid():N}";

    /// <summary>True, the default, where every client reads every result while it is kept; false where a result goes to its sender alone (<c>rpc://</c>).</summary>
    public virtual bool KeepsResults => true;

    /// <summary>True where groups are saved; default where results are kept.</summary>
    public virtual bool KeepsGroups => KeepsResults;

    /// <summary>
    /// The network between <see cref="ResultBackend"/> and the store's server, which the facts about lost connections make fail.
    /// Null, the default, for a store that has none of its own.
    /// </summary>
    public virtual TcpProxy? Network => null;

    /// <summary>How long a fact waits for what must happen before it fails.</summary>
    public virtual TimeSpan Patience => TimeSpan.FromSeconds(45);

    /// <summary>Called before everything else, once for each fact. Default: nothing.</summary>
    public virtual ValueTask StartAsync() => ValueTask.CompletedTask;

    /// <summary>A client on the store, disposed with the harness.</summary>
    /// <param name="expires">How long results are kept; null for the default.</param>
    public IResultStore Open(TimeSpan? expires = null) => OpenAt(ResultBackend, expires);

    /// <summary>A client on the store that does not go through <see cref="Network"/>.</summary>
    public IResultStore OpenAround() => OpenAt(Network is { } network ? network.Around(ResultBackend!) : ResultBackend, expires: null);

    /// <summary>Closes the client of a store; closing again does nothing.</summary>
    public ValueTask CloseAsync(IResultStore store) => _opened.Single(client => client.Results == store).DisposeAsync();

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

    private IResultStore OpenAt(string? backend, TimeSpan? expires)
    {
        var options = new CeleriacOptions { BrokerUrl = BrokerUrl, ResultBackend = backend };
        options.ResultExpires = expires ?? options.ResultExpires;
        var client = TaskClient.Open(options);
        _opened.Add(client);
        return client.Results;
    }
}
