using System.Collections.Concurrent;
using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Publishing;
using Celeriac.Amqp.Receiving;
using Celeriac.Amqp.Topologies;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Microsoft.Extensions.Logging;

namespace Celeriac.Amqp;

/// <summary>RabbitMQ as a transport: one connection, a channel for publishes, one for questions, one for each subscription.</summary>
internal sealed partial class AmqpTransport : ITransport, ISettlesOne
{
    private static readonly Task<CompletionStatus> s_applied = Task.FromResult(CompletionStatus.Applied);
    private static readonly Task<CompletionStatus> s_lost = Task.FromResult(CompletionStatus.Lost);
    private readonly AmqpOptions _options;
    private readonly Func<Completion, Task<CompletionStatus>> _settle;
    private readonly ILogger _log;
    private readonly Reconnecting<AmqpConnection> _connections;
    private readonly AmqpTopology _topology;
    private readonly AmqpRouting _routing;
    private readonly AmqpPublisher _publisher;
    private readonly DeliveryChannels _channels = new();
    private readonly GetChannel _getting;
    private readonly ConcurrentDictionary<AmqpSubscription, bool> _subscriptions = new();
    private int _disposed;

    public AmqpTransport(BrokerUrl url, AmqpOptions options, TransportContext context)
    {
        Name = url.ToString();
        _options = options;
        _settle = SettleAsync;
        Time = context.Time;
        _log = context.LoggerFactory.CreateLogger("Celeriac.Broker.Amqp");
        Capabilities = CapabilitiesOf(options);
        _topology = new AmqpTopology(options, Capabilities, _log);
        _routing = new AmqpRouting(options, Capabilities, Time);
        _connections = new Reconnecting<AmqpConnection>(url, options.Reconnect, new AmqpConnector(options, Time, _log).OpenAsync, RestoreAsync, Time, _log);
        _publisher = new AmqpPublisher(_connections, Time, _log);
        _getting = new GetChannel(this, _channels);
        _deadlines = new PublishDeadlines(options.Reconnect.PublishTimeout, Time, Expire);
    }

    public string Name { get; }

    public TransportCapabilities Capabilities { get; }

    public TransportHealth Health => _connections.Health;

    public IDocumentStore? Documents => null;

    public TimeProvider Time { get; }

    /// <summary>What its URL says.</summary>
    internal AmqpOptions Options => _options;

    /// <summary>How long a subscription may starve before its queues are looked at.</summary>
    public TimeSpan WatchPeriod => _options.WatchPeriod;

    public ValueTask ConnectAsync(CancellationToken cancellationToken = default) => _connections.ConnectAsync(cancellationToken);

    public async ValueTask DeclareAsync(Topology topology, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ThrowIfDisposed();
        _topology.Check(topology);
        await CallAsync(async connection =>
        {
            await _topology.DeclareAsync(connection, topology, cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask UnbindAsync(Binding binding, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(binding);
        _topology.Forget(binding);
        // What is absent is unbound already.
        await CallAsync(connection => OrAbsentAsync(() => connection.AskAsync($"Queue '{binding.Queue}' cannot be unbound from exchange '{binding.Exchange}'", async channel =>
        {
            await channel.UnbindQueueAsync(binding.Queue, binding.Exchange, binding.RoutingKey).ConfigureAwait(false);
            return true;
        }, cancellationToken), false), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken = default)
    {
        _topology.ForgetQueue(queue);
        return await CallAsync(connection => OrAbsentAsync(() => connection.AskAsync($"Queue '{queue}' cannot be deleted", async channel =>
        {
            await channel.CountAsync(queue).ConfigureAwait(false);
            await channel.DeleteQueueAsync(queue).ConfigureAwait(false);
            return true;
        }, cancellationToken), false), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken = default)
    {
        _topology.ForgetExchange(exchange);
        _routing.Forget();
        return await CallAsync(connection => OrAbsentAsync(() => connection.AskAsync($"Exchange '{exchange}' cannot be deleted", async channel =>
        {
            await channel.ExpectExchangeAsync(exchange).ConfigureAwait(false);
            await channel.DeleteExchangeAsync(exchange).ConfigureAwait(false);
            return true;
        }, cancellationToken), false), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default) =>
        await CallAsync(connection => connection.AskAsync(
            $"Queue '{queue}' cannot be purged", channel => channel.PurgeAsync(queue), cancellationToken), cancellationToken).ConfigureAwait(false);

    public async ValueTask<QueueCounts?> CountAsync(string queue, CancellationToken cancellationToken = default) =>
        await CallAsync(connection => CountAsync(connection, queue, cancellationToken), cancellationToken).ConfigureAwait(false);

    public async ValueTask<ISubscription> SubscribeAsync(SubscriptionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Prefetch < 1 || options.Queues.Count == 0)
        {
            throw new ArgumentException(options.Queues.Count == 0 ? "A subscription needs at least one queue." : $"Prefetch is {options.Prefetch}; it must be at least 1.", nameof(options));
        }
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        var subscription = new AmqpSubscription(this, options, _channels, _log);
        try
        {
            await CallAsync(async connection =>
            {
                await subscription.ConsumeAsync(connection).ConfigureAwait(false);
                return true;
            }, cancellationToken).ConfigureAwait(false);
            _subscriptions[subscription] = true;
            if (subscription.Channel is { Connection.IsLost: true })
            {
                // Lost before the reconnect could know of it.
                await CallAsync(async connection => { await subscription.ConsumeAsync(connection).ConfigureAwait(false); return true; }, cancellationToken).ConfigureAwait(false);
            }
            return subscription;
        }
        catch
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<Delivery?> GetAsync(string queue, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await CallAsync(connection => _getting.GetAsync(connection, queue, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<CompletionStatus>> CompleteAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(completions);
        ThrowIfDisposed();
        foreach (var completion in completions)
        {
            Capabilities.Require(completion);
        }
        return Settling.SettleAsync(completions, _settle, cancellationToken);
    }

    ValueTask<CompletionStatus> ISettlesOne.CompleteOneAsync(Completion completion, CancellationToken cancellationToken)
    {
        try
        {
            ThrowIfDisposed();
            Capabilities.Require(completion);
        }
        catch (Exception error) when (error is TransportException or ObjectDisposedException)
        {
            return ValueTask.FromException<CompletionStatus>(error);
        }
        return Settling.SettleAsync(completion, _settle, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await LeaveAsync().ConfigureAwait(false);
        if (Health.State == ConnectionState.Connected)
        {
            await FlushAsync().ConfigureAwait(false);
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        _deadlines.Close();
        await FlushAsync().ConfigureAwait(false);
        _publisher.Stop();
        // Closing the connection ends what still waits for an answer on it, and gives back what was got.
        await _connections.DisposeAsync().ConfigureAwait(false);
        await _publisher.DisposeAsync().ConfigureAwait(false);
        _getting.Dispose();
        _deadlines.Dispose();
    }

    /// <summary>Ends the subscriptions in good order, unless the server has stopped answering: then the end of the connection ends them.</summary>
    private async Task LeaveAsync()
    {
        var leaving = Task.WhenAll(_subscriptions.Keys.Select(subscription => subscription.DisposeAsync().AsTask()));
        try
        {
            await leaving.WaitAsync(_options.Reconnect.PublishTimeout, Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Log.NotLeft(_log, Name);
        }
    }

    internal void Forget(AmqpSubscription subscription) => _subscriptions.TryRemove(subscription, out _);

    internal static Task<QueueCounts?> CountAsync(AmqpConnection connection, string queue, CancellationToken cancellationToken = default) =>
        OrAbsentAsync<QueueCounts?>(() => connection.AskAsync<QueueCounts?>($"Queue '{queue}' cannot be counted", async channel => await channel.CountAsync(queue).ConfigureAwait(false), cancellationToken), null);

    private async Task RestoreAsync(Connected<AmqpConnection> connected, CancellationToken cancellationToken)
    {
        await _topology.RestoreAsync(connected.Connection).ConfigureAwait(false);
        await _publisher.PrepareAsync(connected.Connection).ConfigureAwait(false);
        foreach (var subscription in _subscriptions.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await subscription.ConsumeAsync(connected.Connection).ConfigureAwait(false);
            }
            catch (TransportRefusedException refusal)
            {
                subscription.Fail(refusal);
            }
            catch (TransportException silence) when (!connected.Connection.IsLost)
            {
                // One queue that does not answer must not keep the others from being consumed: the subscription itself tries again.
                Log.NotConsumed(_log, subscription.Name, silence.Message);
            }
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    private static TransportCapabilities CapabilitiesOf(AmqpOptions options) => new()
    {
        Durable = true,
        SharedBetweenProcesses = true,
        Exchanges = true,
        Fanout = true,
        Topic = true,
        Delay = true,
        LongestDelay = TimeSpan.FromSeconds((1 << DelayTraces.Levels) - 1),
        MaxPriority = options.HasQuorumQueues ? (byte)0 : byte.MaxValue,
        MessageExpiry = true,
        QueueExpiry = true,
        DeadLetter = true,
        MaxBodyBytes = options.MaxBodyBytes,
        Counts = true,
        CountsConsumers = true,
    };
}
