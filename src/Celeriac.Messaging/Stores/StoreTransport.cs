using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Stores;

/// <summary>
/// A transport over a store: exchanges, fanout, prefetch, settlement, leases and expiry on top of <see cref="IQueueStore"/>.
/// </summary>
public sealed partial class StoreTransport : ITransport, ISettlesOne
{
    private static readonly Func<StoreRouting, ReadOnlyMemory<Publication>, int, StoreUnit> s_published = static (routing, all, index) => routing.UnitOf(all.Span[index]);
    private static readonly Func<StoreRouting, Completion, int, StoreUnit> s_ended = static (routing, ended, _) => routing.UnitOf(ended);

    private readonly IQueueStore _store;
    private readonly StoreTransportOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly LeaseKeeper _keeper;
    private readonly RoutedCommits _commits;
    private readonly Func<Completion, Task<CompletionStatus>> _settle;
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly ConcurrentDictionary<StoreSubscription, bool> _subscriptions = new();
    private readonly SemaphoreSlim _getting = new(1, 1);
    private StoreSubscription? _single;
    private TransportHealth _health;
    private bool _connected, _disposed;

    /// <summary>Creates the transport; it owns the store and disposes it.</summary>
    /// <exception cref="BrokerUrlException">An option of the URL is malformed.</exception>
    public StoreTransport(BrokerUrl url, IQueueStore store, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        Name = url.ToString();
        _store = store;
        _options = StoreTransportOptions.From(url);
        _time = context.Time;
        _health = new TransportHealth(ConnectionState.Closed, _time.GetUtcNow());
        _log = context.LoggerFactory.CreateLogger("Celeriac.Broker.Store");
        Documents = store.Capabilities.Documents ? new ConnectedDocuments(this, store) : null;
        State = store.State is { } state ? new ConnectedState(this, state) : null;
        Capabilities = store.Capabilities with { MaxBodyBytes = Math.Min(_options.MaxBodyBytes, store.Capabilities.MaxBodyBytes) };
        _commits = new RoutedCommits(store, EnsureOpenAsync, Capabilities, _time);
        _settle = SettleAsync;
        _keeper = new LeaseKeeper(store, _options.Lease, _time, _log, _commits);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public TransportHealth Health => _store.Health ?? Volatile.Read(ref _health);

    /// <inheritdoc/>
    public IDocumentStore? Documents { get; }

    /// <inheritdoc/>
    public IStateStore? State { get; }

    internal IQueueStore Store => _store;
    internal LeaseKeeper Keeper => _keeper;
    internal RoutedCommits Commits => _commits;
    internal TimeProvider Time => _time;
    internal TimeSpan Lease => _options.Lease;
    private bool IsBehindNetwork => _store.Health is not null;
    internal long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public async ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topology);
        await ChangeAsync(table => TopologyPlan.Plan(table, topology, Capabilities) is var change && TopologyPlan.IsEmpty(change) ? null : change, cancellationToken).ConfigureAwait(false);
        await UseAsync(topology.Queues.Where(queue => queue.Expires is not null).Select(queue => queue.Name), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default) =>
        await ChangeAsync(table => table.HasBinding(binding) ? new TopologyChange { RemoveBindings = [binding] } : null, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default) => ChangeAsync(table => table.Queue(queue) is { } stored ? new TopologyChange { RemoveQueues = [stored.Id] } : null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default) =>
        ChangeAsync(table => table.Exchange(exchange) is null ? null : new TopologyChange { RemoveExchanges = [exchange] }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) =>
        await _store.PurgeAsync((await RequireQueueAsync(queue, cancellationToken).ConfigureAwait(false)).Id, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default)
    {
        Capabilities.RequireCounts(queue);
        var table = await _commits.LookupAsync(cancellationToken).ConfigureAwait(false);
        return table.Queue(queue) is { } stored ? await _store.CountAsync(stored.Id, Now, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <inheritdoc/>
    public async ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var publish = PublishAllAsync(publications, cancellationToken);
        if (IsBehindNetwork || publish.IsCompleted)
        {
            await publish.ConfigureAwait(false);
            return;
        }
        try
        {
            await publish.WaitAsync(_options.PublishTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException error)
        {
            if (publish.IsCompleted)
            {
                // On a machine that is busy to its limits the answer may come with the end of the wait: it counts.
                await publish.ConfigureAwait(false);
                return;
            }
            var id = publications.Span[0].Message.CorrelationId;
            throw new PublishUnknownException(
                $"The outcome of publishing message '{id ?? "(no id)"}' is unknown: '{Name}' did not confirm within {_options.PublishTimeout.TotalSeconds:0.###} s. It may have arrived; look before you send it again, or raise publish_timeout.", id, error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Prefetch < 1 || options.Queues.Count == 0)
        {
            throw new ArgumentException(options.Queues.Count == 0 ? "A subscription needs at least one queue." : $"Prefetch is {options.Prefetch}; it must be at least 1.", nameof(options));
        }
        var table = await _commits.LookupAsync(cancellationToken).ConfigureAwait(false);
        var queues = options.Queues.Distinct(StringComparer.Ordinal).Select(name => table.Queue(name) ?? throw NoSuchQueue(name)).ToList();
        var subscription = new StoreSubscription(this, options, queues);
        await subscription.RegisterAsync(cancellationToken).ConfigureAwait(false);
        _subscriptions[subscription] = true;
        return subscription;
    }

    /// <inheritdoc/>
    public async ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default)
    {
        var stored = await RequireQueueAsync(queue, cancellationToken).ConfigureAwait(false);
        await _getting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_single is null)
            {
                var single = new StoreSubscription(this, new SubscriptionOptions([queue], int.MaxValue) { ConsumerName = "get" }, []);
                await single.RegisterAsync(cancellationToken).ConfigureAwait(false);
                _subscriptions[single] = true;
                _single = single;
            }
        }
        finally
        {
            _getting.Release();
        }
        return await _single.GetOneAsync(stored, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(completions);
        return await Settling.SettleAsync(completions, _settle, cancellationToken).ConfigureAwait(false);
    }

    ValueTask<CompletionStatus> ISettlesOne.CompleteOneAsync(Completion completion, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(completion);
        return Settling.SettleAsync(completion, _settle, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }
        foreach (var subscription in _subscriptions.Keys)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
        _disposed = true;
        _health = new TransportHealth(ConnectionState.Closed, _time.GetUtcNow());
        await _keeper.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _connecting.Dispose();
        _getting.Dispose();
    }

    internal void Forget(StoreSubscription subscription) => _subscriptions.TryRemove(subscription, out _);

    private async Task PublishAllAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var answers = await _commits.BeginAsync(publications.Length, publications, s_published, cancellationToken).ConfigureAwait(false);
        answers = await _commits.FinishAsync(answers, publications, s_published, cancellationToken).ConfigureAwait(false);
        if (!HasErrors(answers))
        {
            return;
        }
        var failures = answers.Select((answer, index) => (Index: index, answer.Error)).Where(failure => failure.Error is not null)
            .Select(failure => (failure.Index, failure.Error!)).ToList();
        throw publications.Length == 1 ? failures[0].Item2 : new PublishException(failures, publications.Length);
    }

    private static bool HasErrors(IReadOnlyList<UnitAnswer> answers)
    {
        for (var index = 0; index < answers.Count; index++)
        {
            if (answers[index].Error is not null)
            {
                return true;
            }
        }
        return false;
    }

    private async Task<CompletionStatus> SettleAsync(Completion completion)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var commit = _commits.BeginAsync(1, completion, s_ended, CancellationToken.None);
        if (completion.Settlement == Settlement.Ack)
        {
            // Once it is on its way, not only when it is durable: so the next take shares its commit.
            Leave(completion.Delivery);
        }
        var answer = (await _commits.FinishAsync(await commit.ConfigureAwait(false), completion, s_ended, CancellationToken.None).ConfigureAwait(false))[0];
        if (answer.Error is not null)
        {
            throw answer.Error;
        }
        // A claim that a user's own transaction has ended is gone because that transaction was committed, its result with it.
        Leave(completion.Delivery);
        var isLost = answer.Status == UnitStatus.Lost && !(completion.Delivery.WasCommittedAsync is { } wasCommitted && await wasCommitted().ConfigureAwait(false));
        return isLost ? CompletionStatus.Lost : CompletionStatus.Applied;
    }

    /// <summary>Gives back a delivery's share of the prefetch, once.</summary>
    private void Leave(Delivery delivery)
    {
        if (delivery.TryLeave())
        {
            _keeper.OwnerOf(delivery.Claim.Holder)?.MakeRoom();
        }
    }

    /// <summary>A store that is held by a stopped process must not hold its callers as well.</summary>
    private async ValueTask<bool> ChangeAsync(Func<RoutingTable, TopologyChange?> plan, CancellationToken cancellationToken)
    {
        if (IsBehindNetwork)
        {
            return await _commits.ChangeAsync(plan, cancellationToken).ConfigureAwait(false);
        }
        try
        {
            return await _commits.ChangeAsync(plan, cancellationToken).AsTask().WaitAsync(_options.PublishTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException error)
        {
            throw new TransportException(
                $"'{Name}' did not answer a declaration or deletion within {_options.PublishTimeout.TotalSeconds:0.###} s; whether it took effect is unknown. Doing it again is safe. Look for a process that holds the store, or raise publish_timeout.", error);
        }
    }

    /// <summary>Declaring a queue again is a use of it, and a use is what a holder does: one comes and goes.</summary>
    private async ValueTask UseAsync(IEnumerable<string> queues, CancellationToken cancellationToken)
    {
        var table = _commits.Table;
        long[] ids = [.. queues.Select(name => table?.Queue(name)?.Id).OfType<long>()];
        if (ids.Length > 0)
        {
            var holder = await _store.RegisterHolderAsync("declare", Lease, ids, cancellationToken).ConfigureAwait(false);
            await _store.ReleaseHolderAsync(holder, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async ValueTask<StoredQueue> RequireQueueAsync(string queue, CancellationToken cancellationToken) => (await _commits.LookupAsync(cancellationToken).ConfigureAwait(false)).Queue(queue) ?? throw NoSuchQueue(queue);

    private TransportRefusedException NoSuchQueue(string queue) => new($"There is no queue '{queue}' on '{Name}'. Declare it first.");
}
