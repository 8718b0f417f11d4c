using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Messaging.Stores;
using Microsoft.Extensions.Logging;

namespace Celeriac.Stomp.Receiving;

/// <summary>A stream of deliveries from several queues: a consumer for each on the present connection, one buffer for all.</summary>
internal sealed partial class StompSubscription : ISubscription
{
    private readonly StompTransport _transport;
    private readonly SubscriptionOptions _options;
    private readonly ILogger _log;
    private readonly PushedDeliveries _deliveries;
    private readonly ConsumerWatch _watch;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _lock = new();
    private List<StompConsumer> _consumers = [];
    private StompConnection? _connection;
    private long _consumes;
    private long _received;
    private bool _cancelled;
    private bool _disposed;

    public StompSubscription(StompTransport transport, SubscriptionOptions options, ILogger log)
    {
        _transport = transport;
        _options = options;
        _log = log;
        _deliveries = new PushedDeliveries(options);
        _watch = new ConsumerWatch(this, transport, log);
    }

    /// <summary>What it is called in logs.</summary>
    public string Name => _options.ConsumerName ?? "(unnamed)";

    /// <summary>The queues, each once.</summary>
    public IReadOnlyList<string> Queues => _deliveries.Queues;

    /// <summary>How many messages have ever come.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>The connection it consumes on; null where that is lost.</summary>
    public Connected<StompConnection>? Connected
    {
        get
        {
            lock (_lock)
            {
                return _connection is { Lost.IsCompleted: false } connection ? new Connected<StompConnection>(connection, connection.Generation) : null;
            }
        }
    }

    /// <summary>Whether nothing has come since then, nothing is in work and all slots are free.</summary>
    public bool IsStuckSince(long received) => Received == received && _deliveries is { IsStarved: true, HandedOut: 0 };

    /// <summary>Begins on the present connection, or on the next one where it is lost meanwhile.</summary>
    public async Task StartAsync(Reconnecting<StompConnection> connections, TimeSpan atMost, CancellationToken cancellationToken)
    {
        while (true)
        {
            var connected = await connections.GetAsync(atMost, cancellationToken).ConfigureAwait(false);
            try
            {
                await SubscribeAsync(connected, cancellationToken).ConfigureAwait(false);
                _watch.Start();
                return;
            }
            catch (StompConnectionException error)
            {
                // Where only a connection beside it was lost, this one would be waited for without an end.
                connected.Connection.GiveUp(error);
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
        await _watch.DisposeAsync().ConfigureAwait(false);
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

    /// <summary>
    /// Another process may have deleted a queue that is consumed here. What it consumed on a connection before has no say: while it waits to be
    /// restored, its queues may have been declared anew.
    /// </summary>
    public void OnTopologyChanged(StompConnection connection, Func<RoutingTable> table)
    {
        IReadOnlyList<StompConsumer> consumers;
        lock (_lock)
        {
            consumers = ReferenceEquals(_connection, connection) ? [.. _consumers] : [];
        }
        // Read after the consumers, so that it is no older than any of them.
        var now = table();
        foreach (var consumer in consumers.Where(consumer => now.Queue(consumer.Queue)?.Id != consumer.Incarnation))
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

    /// <summary>Ends the consumers and begins again on the same connection, unless something came meanwhile.</summary>
    public async Task ConsumeAnewAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_cancelled && _deliveries is { IsStarved: true, HandedOut: 0 } && Connected is { } connected)
            {
                await EndAllAsync().ConfigureAwait(false);
                await ConsumeAsync(connected, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (TransportRefusedException error)
        {
            _deliveries.Fail(error);
        }
        catch (StompException error)
        {
            // Without consumers on a connection that lives it would starve for ever.
            _connection?.GiveUp(error);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task SubscribeAsync(Connected<StompConnection> connected, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A subscription made while the connection is being made is restored with it, before it has begun by itself.
            if (_cancelled || connected.Generation <= _consumes)
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
        try
        {
            foreach (var queue in _deliveries.Queues)
            {
                var known = await connection.Broker.FindAsync(queue, cancellationToken).ConfigureAwait(false) ?? throw StompTransport.NoSuchQueue(queue);
                var consumer = connection.Add(known, _options.Prefetch);
                consumer.Received = (self, frame, tag) => OnReceived(connection, generation, self, frame, tag);
                consumer.Settled = OnSettled;
                lock (_lock)
                {
                    consumers.Add(consumer);
                }
                await connection.Broker.SubscribeAsync(consumer, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await EndAllAsync().ConfigureAwait(false);
            throw;
        }
        _consumes = generation;
    }

    /// <summary>Runs on the connection's reader.</summary>
    private void OnReceived(StompConnection connection, long generation, StompConsumer consumer, StompFrame frame, long tag)
    {
        Interlocked.Increment(ref _received);
        var isTaken = !consumer.IsStopping && _deliveries.Add(Deliveries.Of(_transport, connection, generation, consumer, frame, tag));
        if (!isTaken && !consumer.IsEnding)
        {
            connection.Broker.GiveBack(consumer, frame, tag);
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
