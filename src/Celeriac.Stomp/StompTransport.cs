using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Messaging.Stores;
using Celeriac.Stomp.Receiving;
using Celeriac.Stomp.Sending;
using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp;

/// <summary>The transport over STOMP 1.2: one connection that is made again when it is lost, and on it the peculiarities of its server.</summary>
internal sealed class StompTransport : ITransport
{
    private readonly StompUrlOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Reconnecting<StompConnection> _connections;
    private readonly StompPublisher _publisher;
    private readonly StompSettler _settler;
    private readonly DeclaredTopology _declared = new();
    private readonly ConcurrentDictionary<StompSubscription, bool> _subscriptions = new();
    private volatile StompConnection? _newest;
    private TransportCapabilities _capabilities;
    private bool _disposed;

    internal StompTransport(BrokerUrl url, StompUrlOptions options, TransportContext context)
    {
        Name = url.ToString();
        _options = options;
        _time = context.Time;
        _log = context.LoggerFactory.CreateLogger("Celeriac.Broker.Stomp");
        // Until a server has said who it is, the more able one is assumed.
        _capabilities = Brokers.ActiveMqBroker.AllCapabilities with { MaxBodyBytes = options.MaximumBody };
        _connections = new Reconnecting<StompConnection>(
            url, options.Reconnect,
            (server, token) => StompConnection.OpenAsync(server, options, context.Time, OnTopologyChanged, OnConsumerRefused, token),
            RestoreAsync, context.Time, _log);
        _publisher = new StompPublisher(_connections, options.Reconnect.PublishTimeout, Name, context.Time);
        _settler = new StompSettler(() => _newest, Name, context.Time);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public TransportCapabilities Capabilities => Volatile.Read(ref _capabilities);

    /// <inheritdoc/>
    public TransportHealth Health => _connections.Health;

    /// <inheritdoc/>
    public IDocumentStore? Documents => null;

    internal TimeProvider Time => _time;

    internal TimeSpan WatchPeriod => _options.WatchPeriod;

    internal StompSettler Settler => _settler;

    /// <inheritdoc/>
    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => _connections.ConnectAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topology);
        await OnConnectionAsync(connection => connection.Broker.DeclareAsync(topology, cancellationToken), cancellationToken).ConfigureAwait(false);
        _declared.Add(topology);
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(binding);
        _declared.Remove(binding);
        await OnConnectionAsync(connection => connection.Broker.UnbindAsync(binding, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default)
    {
        _declared.RemoveQueue(queue);
        return await OnConnectionAsync(connection => connection.Broker.DeleteQueueAsync(queue, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default)
    {
        _declared.RemoveExchange(exchange);
        return await OnConnectionAsync(connection => connection.Broker.DeleteExchangeAsync(exchange, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) =>
        await OnConnectionAsync(
            async connection =>
            {
                var found = await connection.Broker.FindAsync(queue, cancellationToken).ConfigureAwait(false) ?? throw NoSuchQueue(queue);
                return await connection.Broker.PurgeAsync(found, cancellationToken).ConfigureAwait(false);
            }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) =>
        await OnConnectionAsync(
            async connection =>
            {
                connection.Broker.Capabilities.RequireCounts(queue);
                return await connection.Broker.FindAsync(queue, cancellationToken).ConfigureAwait(false) is { } found
                    ? await connection.Broker.CountAsync(found, connection.HeldOf(queue), cancellationToken).ConfigureAwait(false)
                    : null;
            }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _publisher.PublishAsync(publications, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Prefetch < 1 || options.Queues.Count == 0)
        {
            throw new ArgumentException(options.Queues.Count == 0 ? "A subscription needs at least one queue." : $"Prefetch is {options.Prefetch}; it must be at least 1.", nameof(options));
        }
        cancellationToken.ThrowIfCancellationRequested();
        var subscription = new StompSubscription(this, options, _log);
        _subscriptions[subscription] = true;
        try
        {
            await subscription.StartAsync(_connections, _options.Reconnect.PublishTimeout, cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch
        {
            _subscriptions.TryRemove(subscription, out _);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        var connected = await _connections.GetAsync(_options.Reconnect.PublishTimeout, cancellationToken).ConfigureAwait(false);
        return await StompFailures.TranslateAsync(() => SingleGet.TakeAsync(this, connected, queue, cancellationToken), Name).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(completions);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return await Settling.SettleAsync(completions, _settler.SettleAsync, cancellationToken).ConfigureAwait(false);
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
        await _connections.DisposeAsync().ConfigureAwait(false);
    }

    internal void Forget(StompSubscription subscription) => _subscriptions.TryRemove(subscription, out _);

    internal static TransportRefusedException NoSuchQueue(string queue) =>
        new($"There is no queue '{queue}'. Declare it first, or start a worker that consumes it.");

    private async Task<T> OnConnectionAsync<T>(Func<StompConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var (connection, _) = await _connections.GetAsync(_options.Reconnect.PublishTimeout, cancellationToken).ConfigureAwait(false);
        return await StompFailures.TranslateAsync(() => call(connection), Name).ConfigureAwait(false);
    }

    private Task<bool> OnConnectionAsync(Func<StompConnection, Task> call, CancellationToken cancellationToken) => OnConnectionAsync(
        async connection =>
        {
            await call(connection).ConfigureAwait(false);
            return true;
        }, cancellationToken);

    /// <summary>On a new connection: what it can do, what was declared, what was consumed.</summary>
    private async Task RestoreAsync(Connected<StompConnection> connected, CancellationToken cancellationToken)
    {
        var broker = connected.Connection.Broker;
        connected.Connection.Generation = connected.Generation;
        _newest = connected.Connection;
        Volatile.Write(ref _capabilities, broker.Capabilities);
        if (!broker.Capabilities.Delay && broker is Brokers.ActiveMqBroker)
        {
            Log.SchedulerIsOff(_log, Name);
        }
        await _declared.DeclareAgainAsync(
            topology => StompFailures.TranslateAsync(() => broker.DeclareAsync(topology, cancellationToken), Name),
            error => error is TransportRefusedException,
            error => Log.RedeclareRefused(_log, error, Name)).ConfigureAwait(false);
        foreach (var subscription in _subscriptions.Keys)
        {
            await StompFailures.TranslateAsync(() => subscription.RestoreAsync(connected, cancellationToken), Name).ConfigureAwait(false);
        }
    }

    private void OnTopologyChanged(StompConnection connection, Func<RoutingTable> table)
    {
        foreach (var subscription in _subscriptions.Keys)
        {
            subscription.OnTopologyChanged(connection, table);
        }
    }

    private void OnConsumerRefused(StompConsumer consumer, Exception? reason)
    {
        foreach (var subscription in _subscriptions.Keys)
        {
            subscription.OnRefused(consumer, reason);
        }
    }
}
