using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp.Receiving;

/// <summary>A stream of deliveries from several queues: a consumer for each on the present connection, one buffer for all.</summary>
internal sealed class StompSubscription : ISubscription
{
    private readonly StompTransport _transport;
    private readonly SubscriptionOptions _options;
    private readonly ILogger _log;
    private readonly PushedDeliveries _deliveries;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _lock = new();
    private List<StompConsumer> _consumers = [];
    private StompConnection? _connection;
    private long _consumes;
    private bool _cancelled;
    private bool _disposed;

    public StompSubscription(StompTransport transport, SubscriptionOptions options, ILogger log)
    {
        _transport = transport;
        _options = options;
        _log = log;
        _deliveries = new PushedDeliveries(options);
    }

    /// <summary>Begins on the present connection, or on the next one where it is lost meanwhile.</summary>
    public async Task StartAsync(Reconnecting<StompConnection> connections, TimeSpan atMost, CancellationToken cancellationToken)
    {
        while (true)
        {
            var connected = await connections.GetAsync(atMost, cancellationToken).ConfigureAwait(false);
            try
            {
                await SubscribeAsync(connected, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StompConnectionException)
            {
                await connected.Connection.Lost.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Consumes again on a new connection. A queue that is gone fails the subscription, not the connection.</summary>
    public async Task RestoreAsync(Connected<StompConnection> connected, CancellationToken cancellationToken)
    {
        try
        {
            await SubscribeAsync(connected, cancellationToken).ConfigureAwait(false);
        }
        catch (TransportRefusedException error)
        {
            _deliveries.Fail(error);
        }
    }

    public ValueTask<Delivery?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed && !_cancelled, this);
        return _deliveries.TakeAsync(_transport.Time, cancellationToken);
    }

    public async ValueTask CancelAsync(CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StopAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _changing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            _cancelled = true;
            End(Consumers());
            _deliveries.Cancel();
            await EndAllAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
        _transport.Forget(this);
    }

    /// <summary>Another process may have deleted a queue that is consumed here.</summary>
    public void OnTopologyChanged(RoutingTable table)
    {
        foreach (var consumer in Consumers().Where(consumer => table.Queue(consumer.Queue)?.Id != consumer.Incarnation))
        {
            _deliveries.Fail(Deleted(consumer.Queue, null));
        }
    }

    /// <summary>The server has ended a consumer.</summary>
    public void OnRefused(StompConsumer consumer, Exception? reason)
    {
        if (Consumers().Contains(consumer))
        {
            _deliveries.Fail(Deleted(consumer.Queue, reason));
        }
    }

    private async Task SubscribeAsync(Connected<StompConnection> connected, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A subscription made while the connection is being made is restored with it, before it has begun by itself.
            if (_cancelled || _consumes == connected.Generation)
            {
                return;
            }
            await ConsumeAsync(connected, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task ConsumeAsync(Connected<StompConnection> connected, CancellationToken cancellationToken)
    {
        var (connection, generation) = connected;
        _deliveries.Begin(generation);
        var consumers = new List<StompConsumer>();
        lock (_lock)
        {
            (_connection, _consumers) = (connection, consumers);
        }
        foreach (var queue in _deliveries.Queues)
        {
            var found = await connection.Broker.FindAsync(queue, cancellationToken).ConfigureAwait(false);
            if (found is not { } known)
            {
                await EndAllAsync().ConfigureAwait(false);
                throw StompTransport.NoSuchQueue(queue);
            }
            var consumer = connection.Add(known, _options.Prefetch);
            consumer.Received = (self, frame, tag) => OnReceived(connection, generation, self, frame, tag);
            consumer.Settled = delivery => OnSettled(delivery);
            lock (_lock)
            {
                consumers.Add(consumer);
            }
            await connection.Broker.SubscribeAsync(consumer, cancellationToken).ConfigureAwait(false);
        }
        _consumes = generation;
    }

    /// <summary>Runs on the connection's reader.</summary>
    private void OnReceived(StompConnection connection, long generation, StompConsumer consumer, StompFrame frame, long tag)
    {
        var isTaken = !consumer.IsStopping && _deliveries.Add(Deliveries.Of(_transport, connection, generation, consumer, frame, tag));
        if (!isTaken && !consumer.IsEnding)
        {
            connection.Broker.GiveBack(consumer, frame, tag);
        }
    }

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

    private IReadOnlyList<StompConsumer> Consumers()
    {
        lock (_lock)
        {
            return [.. _consumers];
        }
    }

    private static TransportRefusedException Deleted(string queue, Exception? reason) =>
        new($"Queue '{queue}' was deleted while it was consumed. Declare it and subscribe again.", reason);
}
