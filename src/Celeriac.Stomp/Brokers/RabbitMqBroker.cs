using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Stomp.Messages;
using Celeriac.Stomp.Receiving;
using Celeriac.Stomp.Sending;

namespace Celeriac.Stomp.Brokers;

/// <summary>
/// RabbitMQ's STOMP plug-in. Queues are RabbitMQ's own, reached as <c>/amq/queue/…</c> so that no frame declares them again. The plug-in cannot
/// declare exchanges, delay or count. A connection is one AMQP channel there: a refusal closes it, and what a consumer has not
/// acknowledged goes back only with its channel. So everything that may be refused, and each consumer, has a connection of its own.
/// </summary>
internal sealed class RabbitMqBroker(
    StompClient client, Func<CancellationToken, Task<StompClient>> openAnother, Func<bool> isOver, Action<StompConsumer, Exception?> consumerLost, long maximumBody, bool plainHeaders, TimeProvider time) : IStompBroker
{
    private const int PurgeWindow = 1000;

    private readonly RabbitMqQueues _queues = new(openAnother, time);
    private readonly SendingBack _sendingBack = new(client, Destinations.RabbitMq);

    // Queues that were seen to exist. One that can expire is not remembered.
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private long _lastId;

    /// <summary>What the plug-in can do.</summary>
    public static TransportCapabilities AllCapabilities { get; } = new()
    {
        Durable = true,
        SharedBetweenProcesses = true,
        MaxPriority = 255,
        MessageExpiry = true,
        QueueExpiry = true,
        DeadLetter = true,
        MaxBodyBytes = StompUrlOptions.DefaultMaximumBody,
    };

    public TransportCapabilities Capabilities { get; } = AllCapabilities with { MaxBodyBytes = maximumBody };

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task DeclareAsync(Topology topology, CancellationToken cancellationToken)
    {
        // The checks are those of every transport; what exists, RabbitMQ itself compares.
        _ = TopologyPlan.Plan(new RoutingTable(new TopologySnapshot(0, [], [], [])), topology, Capabilities);
        await _queues.DeclareAsync(topology.Queues, cancellationToken).ConfigureAwait(false);
        foreach (var queue in topology.Queues.Where(queue => queue.Expires is null))
        {
            _known[queue.Name] = true;
        }
    }

    public Task UnbindAsync(Binding binding, CancellationToken cancellationToken)
    {
        Capabilities.Require(binding);
        return Task.CompletedTask;
    }

    public async Task<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken)
    {
        if (!await _queues.ExistsAsync(queue, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }
        _known.TryRemove(queue, out _);
        await _queues.DeleteAsync(queue, cancellationToken).ConfigureAwait(false);
        return true;
    }

    public Task<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken)
    {
        Capabilities.Require(new ExchangeDeclaration(exchange));
        return Task.FromResult(false);
    }

    public async Task<KnownQueue?> FindAsync(string queue, CancellationToken cancellationToken) =>
        await _queues.ExistsAsync(queue, cancellationToken).ConfigureAwait(false) ? Known(queue) : null;

    public void Require(in Publication publication, DateTimeOffset now) => Capabilities.Require(publication, now);

    public async Task<IReadOnlyList<KnownQueue>?> RouteAsync(Publication publication, CancellationToken cancellationToken)
    {
        var queue = publication.RoutingKey;
        // RabbitMQ drops what goes to no queue without a word: where that matters, one looks first.
        if (publication.Mandatory && !_known.ContainsKey(queue) && !await _queues.ExistsAsync(queue, cancellationToken).ConfigureAwait(false))
        {
            return [];
        }
        return [Known(queue)];
    }

    public StompFrame FrameOf(in Publication publication, KnownQueue queue, DateTimeOffset now)
    {
        var message = publication.Message;
        var headers = plainHeaders
            ? OutgoingMessage.PlainHeaders(message, queue.Name)
            : OutgoingMessage.Headers(message, publication.Exchange, publication.RoutingKey, queue.Name);
        if (message.Priority is { } priority)
        {
            headers.Add(new(WireHeaders.Priority, Text(priority)));
        }
        if (message.Expiration is { } expiration)
        {
            headers.Add(new(WireHeaders.Expiration, Text((long)Math.Min(expiration.TotalMilliseconds, uint.MaxValue))));
        }
        if (!plainHeaders && message.ReplyTo is { Length: > 0 } replyTo && replyTo.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0)
        {
            headers.Add(new(WireHeaders.ReplyTo, replyTo));
        }
        return StompFrames.Send(Destinations.RabbitMq(queue.Name), message.Body, StompHeaders.Create(CollectionsMarshal.AsSpan(headers)));
    }

    public Task<QueueCounts> CountAsync(KnownQueue queue, long heldHere, CancellationToken cancellationToken)
    {
        Capabilities.RequireCounts(queue.Name);
        return Task.FromResult(new QueueCounts(0));
    }

    public async Task<long> PurgeAsync(KnownQueue queue, CancellationToken cancellationToken)
    {
        var another = await openAnother(cancellationToken).ConfigureAwait(false);
        await using (another.ConfigureAwait(false))
        {
            StompFrame? last = null;
            var (dropped, seen) = (0L, 0L);
            await another.SubscribeAsync(
                new StompSubscriptionOptions
                {
                    Id = "purge",
                    Destination = Destinations.RabbitMq(queue.Name),
                    AckMode = StompAckMode.Client,
                    Headers = [new("prefetch-count", Text(PurgeWindow))],
                },
                frame => (last, seen) = (frame, seen + 1), cancellationToken).ConfigureAwait(false);
            while (true)
            {
                await another.EchoAsync($"echo-{seen}", cancellationToken).ConfigureAwait(false);
                if (seen == dropped || last is null)
                {
                    return dropped;
                }
                dropped = seen;
                await another.RequestAsync(StompFrames.Ack(StompConsumer.AckId(last)), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async Task SubscribeAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        var own = await openAnother(cancellationToken).ConfigureAwait(false);
        consumer.Client = own;
        try
        {
            if (isOver())
            {
                // The transport's connection ended meanwhile and has not seen this one: left open it would hold messages that nobody takes.
                throw new StompConnectionException("The connection was lost while a consumer was made.", mayHaveBeenSent: false);
            }
            await own.SubscribeAsync(
                new StompSubscriptionOptions
                {
                    Id = consumer.Id,
                    Destination = Destinations.RabbitMq(consumer.Queue),
                    AckMode = StompAckMode.ClientIndividual,
                    Headers = [new("prefetch-count", Text(Math.Min(consumer.Prefetch, ushort.MaxValue)))],
                },
                consumer.OnMessage, cancellationToken).ConfigureAwait(false);
            // The plug-in answers with a receipt and refuses afterwards: what comes back through the channel shows that it lives.
            await own.EchoAsync("ready", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            await own.DisposeAsync().ConfigureAwait(false);
            if (RabbitMqErrors.LossIn(error) is { } loss)
            {
                // Whoever subscribes waits for the next connection then, which comes only when this one is given up.
                consumerLost(consumer, loss);
                throw loss;
            }
            throw;
        }
        _ = WatchAsync(consumer, own);
    }

    public Task SettleDownAsync(StompConsumer consumer, CancellationToken cancellationToken) =>
        consumer.Client!.EchoAsync(Id("settled"), cancellationToken);

    public Task StopAsync(StompConsumer consumer, IReadOnlyList<Delivery> untaken, CancellationToken cancellationToken) =>
        _sendingBack.StopAsync(consumer, untaken, cancellationToken);

    public void GiveBack(StompConsumer consumer, StompFrame frame, long tag) => _sendingBack.GiveBack(consumer, frame, tag);

    public async Task EndAsync(StompConsumer consumer, CancellationToken cancellationToken)
    {
        if (consumer.Client is not { } own)
        {
            return;
        }
        var plugs = await SendingBack.PlugsOfAsync(consumer).ConfigureAwait(false);
        if (plugs.Count > 0 && !own.Lost.IsCompleted)
        {
            await own.RequestEachAsync([.. plugs.Select(ackId => StompFrames.Ack(ackId))]).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        await own.DisposeAsync().ConfigureAwait(false);
    }

    public SettlementPlan SettlementOf(StompConsumer consumer, StompFrame frame, Settlement settlement)
    {
        var ackId = StompConsumer.AckId(frame);
        return settlement switch
        {
            Settlement.Ack => new SettlementPlan([], StompFrames.Ack(ackId)),
            Settlement.Reject => new SettlementPlan([], StompFrames.Nack(ackId, headers: [new("requeue", "false")])),
            _ when consumer.IsStopping => new SettlementPlan([Copies.Of(frame, Destinations.RabbitMq(consumer.Queue))], null, LeavesPlug: true),
            _ => new SettlementPlan([], StompFrames.Nack(ackId, headers: [new("requeue", "true")])),
        };
    }

    /// <summary>
    /// Receipts for each message, no transaction: the plug-in answers a COMMIT when it has published, not when the messages are
    /// durable, and a SEND's receipt is the publisher confirm. Seen on 3.10.8: of 2,000 persistent messages, killed (SIGKILL) right after the
    /// receipt, none was left after a COMMIT's in each of four rounds, and all after the receipts of their own in each of four.
    /// </summary>
    public async Task ExecuteAsync(IReadOnlyList<StompWork> works)
    {
        var sending = works.Select(work => (Work: work, Sent: client.RequestEachAsync([.. work.Early, .. work.Sends]))).ToArray();
        await Task.WhenAll(sending.Select(one => one.Sent)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (work, _) in sending.Where(one => one.Sent.IsCompletedSuccessfully))
        {
            // Where another one is refused all are tried again alone: what is confirmed must not be sent twice.
            (work.Early, work.Sends) = ([], []);
        }
        await Task.WhenAll(sending.Select(one => one.Sent)).ConfigureAwait(false);
        var settling = works.Select(work => SettleAsync(work)).ToArray();
        await Task.WhenAll(settling).ConfigureAwait(false);
    }

    private static async Task SettleAsync(StompWork work)
    {
        await Task.WhenAll(work.Settlements.Select(settlement => settlement.Consumer.Client!.RequestAsync(settlement.Frame))).ConfigureAwait(false);
        work.Settlements = [];
    }

    public string ReadReplyTo(string replyTo) => Destinations.FromRabbitMq(replyTo);


    private async Task WatchAsync(StompConsumer consumer, StompClient own)
    {
        var reason = await own.Lost.ConfigureAwait(false);
        consumerLost(consumer, reason);
    }

    private string Id(string stem) => string.Create(CultureInfo.InvariantCulture, $"{stem}-{Interlocked.Increment(ref _lastId)}");

    private static KnownQueue Known(string queue) => new(new QueueDeclaration(queue), 0);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
