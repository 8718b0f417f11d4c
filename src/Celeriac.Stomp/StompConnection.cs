using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Messaging.Stores;
using Celeriac.Stomp.Brokers;
using Celeriac.Stomp.Receiving;
using Celeriac.Stomp.Sending;

namespace Celeriac.Stomp;

/// <summary>One connection to one server, with what lives on it: the server's peculiarities, the sender, the consumers.</summary>
internal sealed class StompConnection : IBrokerConnection
{
    private readonly StompClient _client;
    private readonly ConcurrentDictionary<long, StompConsumer> _consumers = new();
    private readonly TaskCompletionSource<Exception?> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastConsumer;

    private StompConnection(StompClient client, Func<StompConnection, IStompBroker> broker)
    {
        _client = client;
        Broker = broker(this);
        Sender = new StompSender(Broker.ExecuteAsync);
        _ = WatchAsync();
    }

    /// <inheritdoc/>
    public Task<Exception?> Lost => _lost.Task;

    /// <summary>What the server can do and how.</summary>
    public IStompBroker Broker { get; }

    /// <summary>Its number among the connections of its transport; 0 until it is restored.</summary>
    public long Generation { get; set; }

    /// <summary>Where publications and completions are handed in.</summary>
    public StompSender Sender { get; }

    /// <summary>Connects, logs in and learns what the server can do.</summary>
    /// <param name="server">The server.</param>
    /// <param name="options">What the URL says.</param>
    /// <param name="time">The clock.</param>
    /// <param name="topologyChanged">Called when queues may have been deleted, with where to read what is declared on this connection.</param>
    /// <param name="consumerRefused">Called when the server has ended a consumer, because its queue is gone.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="TransportException">The server cannot be reached; or, as <see cref="TransportRefusedException"/>, it refuses.</exception>
    public static async Task<StompConnection> OpenAsync(
        BrokerUrl server, StompUrlOptions options, TimeProvider time, Action<StompConnection, Func<RoutingTable>> topologyChanged,
        Action<StompConsumer, Exception?> consumerRefused, CancellationToken cancellationToken)
    {
        Task<StompClient> Open(CancellationToken token) => StompFailures.TranslateAsync(() => StompClient.ConnectAsync(options.For(server), time, token), server.ToString());

        var client = await Open(cancellationToken).ConfigureAwait(false);
        try
        {
            var connection = client.Server switch
            {
                { } name when name.StartsWith("RabbitMQ", StringComparison.OrdinalIgnoreCase) => new StompConnection(client, self =>
                    new RabbitMqBroker(client, Open, () => self.Lost.IsCompleted, (consumer, reason) => self.ConsumerLost(consumer, reason, consumerRefused), options.MaximumBody, options.PlainHeaders, time)),
                { } name when name.StartsWith("ActiveMQ", StringComparison.OrdinalIgnoreCase) =>
                    new StompConnection(client, self => new ActiveMqBroker(client, options.MaximumBody, table => topologyChanged(self, table))),
                _ => throw new TransportRefusedException(
                    $"The STOMP server at '{server}' calls itself '{client.Server ?? "(nothing)"}'. ActiveMQ 5 and RabbitMQ's STOMP plug-in are supported, because queues work differently on each server. Use one of them."),
            };
            await StompFailures.TranslateAsync(() => connection.Broker.PrepareAsync(cancellationToken), server.ToString()).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A new consumer of this connection, not yet subscribed.</summary>
    public StompConsumer Add(KnownQueue queue, int prefetch, bool isSingle = false)
    {
        var consumer = new StompConsumer(Interlocked.Increment(ref _lastConsumer), queue.Name, prefetch, queue.Incarnation) { IsSingle = isSingle };
        _consumers[consumer.Number] = consumer;
        return consumer;
    }

    /// <summary>The consumer of that number; null where it has ended.</summary>
    public StompConsumer? Find(long number) => _consumers.GetValueOrDefault(number);

    /// <summary>Ends a consumer; what it has not settled goes back.</summary>
    public async Task EndAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        if (!_consumers.TryRemove(consumer.Number, out _))
        {
            return;
        }
        await consumer.EndSettlementsAsync().ConfigureAwait(false);
        if (!Lost.IsCompleted)
        {
            await Broker.EndAsync(consumer, cancellationToken).ConfigureAwait(false);
        }
        else if (consumer.Client is { } own && own != _client)
        {
            // It is no longer among those that end with this connection.
            await own.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>How many messages of a queue this connection holds.</summary>
    public long HeldOf(string queue) => _consumers.Values.Where(consumer => consumer.Queue == queue).Sum(consumer => (long)consumer.UnsettledCount);

    /// <summary>Gives the connection up, because something on it does not work any more; the next one is made.</summary>
    public void GiveUp(Exception reason) => _lost.TrySetResult(reason);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // First, so that a consumer which is being made meanwhile sees it and ends itself.
        _lost.TrySetResult(null);
        var ending = _consumers.Values.Select(consumer => consumer.Client).OfType<StompClient>().Where(own => own != _client).ToList();
        _consumers.Clear();
        await _client.DisposeAsync().ConfigureAwait(false);
        foreach (var own in ending)
        {
            await own.DisposeAsync().ConfigureAwait(false);
        }
        await Sender.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WatchAsync() => _lost.TrySetResult(await _client.Lost.ConfigureAwait(false));

    /// <summary>
    /// A consumer with a connection of its own has lost it: either its queue is gone, or the connection is. An ERROR says the first only in certain words;
    /// it comes too where an operator closes the connection, where a delivery was held for longer than the server allows or where its virtual host
    /// goes down, and then the next connection consumes again, and finds out if the queue is gone.
    /// </summary>
    private void ConsumerLost(StompConsumer consumer, Exception? reason, Action<StompConsumer, Exception?> refused)
    {
        if (!_consumers.ContainsKey(consumer.Number))
        {
            return;
        }
        if (RabbitMqErrors.IsQueueDeleted(reason))
        {
            refused(consumer, reason);
        }
        else
        {
            GiveUp(reason ?? new StompConnectionException("A consumer's connection was closed.", mayHaveBeenSent: true));
        }
    }
}
