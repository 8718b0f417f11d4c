using System.Globalization;
using System.Runtime.InteropServices;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Stomp.Messages;
using Celeriac.Stomp.Receiving;
using Celeriac.Stomp.Sending;
using Celeriac.Stomp.Registry;

namespace Celeriac.Stomp.Brokers;

/// <summary>ActiveMQ 5: transactions, a scheduler, priorities 0–9; queues come into being by being used, so what is declared stands in a register.</summary>
internal sealed class ActiveMqBroker : IStompBroker
{
    // ActiveMQ's own default: equal for all messages of a queue without priorities, which keeps their order.
    private const int MiddlePriority = 4;

    // The broker shows no more of a queue to a browser (its default maxBrowsePageSize).
    private const int LongestBrowse = 400;
    private const int PurgeWindow = 1000;

    private readonly StompClient _client;
    private readonly Func<string> _nextId;
    private readonly ActiveMqTopology _topology;
    private readonly Action<Func<RoutingTable>> _topologyChanged;
    private readonly ActiveMqConsumers _consumers;
    private readonly SendingBack _sendingBack;
    private readonly ActiveMqTransactions _transactions;
    private TransportCapabilities _capabilities;

    /// <param name="client">The connection.</param>
    /// <param name="maximumBody">The largest body in bytes.</param>
    /// <param name="topologyChanged">Called after the topology was changed, here or by another process, with where to read it.</param>
    public ActiveMqBroker(StompClient client, long maximumBody, Action<Func<RoutingTable>> topologyChanged)
    {
        var lastId = 0L;
        _client = client;
        _nextId = () => string.Create(CultureInfo.InvariantCulture, $"celeriac-step-{Interlocked.Increment(ref lastId)}");
        _topology = new ActiveMqTopology(client, _nextId);
        _topologyChanged = topologyChanged;
        _consumers = new ActiveMqConsumers(client, _nextId);
        _sendingBack = new SendingBack(client, Destinations.ActiveMq);
        _transactions = new ActiveMqTransactions(client, _nextId);
        _capabilities = AllCapabilities with { MaxBodyBytes = maximumBody };
    }

    /// <summary>What ActiveMQ can do when its scheduler is on.</summary>
    public static TransportCapabilities AllCapabilities { get; } = new()
    {
        Durable = true,
        SharedBetweenProcesses = true,
        Exchanges = true,
        Fanout = true,
        Topic = true,
        Delay = true,
        LongestDelay = TimeSpan.FromDays(3650),
        MaxPriority = 9,
        MessageExpiry = true,
        Counts = true,
        MaxBodyBytes = StompUrlOptions.DefaultMaximumBody,
    };

    public TransportCapabilities Capabilities => Volatile.Read(ref _capabilities);

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await _client.SubscribeAsync(
            new StompSubscriptionOptions { Id = _nextId(), Destination = ActiveMqTopology.Announcements }, OnAnnouncement, cancellationToken).ConfigureAwait(false);
        if (!await SchedulerProbe.IsOnAsync(_client, _nextId, cancellationToken).ConfigureAwait(false))
        {
            Volatile.Write(ref _capabilities, _capabilities with { Delay = false, LongestDelay = null });
        }
        await _topology.RefreshAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task DeclareAsync(Topology topology, CancellationToken cancellationToken) =>
        _topology.ChangeAsync(table => TopologyPlan.Plan(table, topology, Capabilities) is var change && TopologyPlan.IsEmpty(change) ? null : change, cancellationToken);

    public Task UnbindAsync(Binding binding, CancellationToken cancellationToken) =>
        _topology.ChangeAsync(table => table.HasBinding(binding) ? new TopologyChange { RemoveBindings = [binding] } : null, cancellationToken);

    public async Task<bool> DeleteQueueAsync(string queue, CancellationToken cancellationToken)
    {
        var removed = await _topology.ChangeAsync(
            table => table.Queue(queue) is { } stored ? new TopologyChange { RemoveQueues = [stored.Id] } : null, cancellationToken).ConfigureAwait(false);
        if (removed)
        {
            // STOMP cannot delete a queue of ActiveMQ: it stays, empty, and without a place in the register.
            await PurgeAsync(new KnownQueue(new QueueDeclaration(queue), 0), cancellationToken).ConfigureAwait(false);
            _topologyChanged(() => _topology.Table);
        }
        return removed;
    }

    public Task<bool> DeleteExchangeAsync(string exchange, CancellationToken cancellationToken) =>
        _topology.ChangeAsync(table => table.Exchange(exchange) is null ? null : new TopologyChange { RemoveExchanges = [exchange] }, cancellationToken);

    public async Task<KnownQueue?> FindAsync(string queue, CancellationToken cancellationToken) =>
        (await _topology.RefreshAsync(cancellationToken).ConfigureAwait(false)).Queue(queue) is { } found ? Known(found) : null;

    public void Require(in Publication publication, DateTimeOffset now)
    {
        if (publication.Due > now && !Capabilities.Delay)
        {
            throw new TransportRefusedException(
                $"The message for '{publication.RoutingKey}' asks for a delay until {publication.Due:O}, but the scheduler of this ActiveMQ is off and it would arrive at once. Set schedulerSupport=\"true\" on <broker> in activemq.xml, or send it when it is due.");
        }
        Capabilities.Require(publication, now);
    }

    public async Task<IReadOnlyList<KnownQueue>?> RouteAsync(Publication publication, CancellationToken cancellationToken)
    {
        // A queue that is known takes the short way. Bindings may have been changed by others a moment ago, so for an exchange one looks.
        if (publication.Exchange.Length == 0 && _topology.Table.Queue(publication.RoutingKey) is { } known)
        {
            return [Known(known)];
        }
        var table = await _topology.RefreshAsync(cancellationToken).ConfigureAwait(false);
        return table.Route(publication.Exchange, publication.RoutingKey) is { } queues ? [.. queues.Select(Known)] : null;
    }

    public StompFrame FrameOf(in Publication publication, KnownQueue queue, DateTimeOffset now)
    {
        var message = publication.Message;
        var headers = OutgoingMessage.Headers(message, publication.Exchange, publication.RoutingKey, queue.Name);
        headers.Add(new(WireHeaders.Priority, Text(PriorityIn(queue.Declaration, message.Priority))));
        if (message.ReplyTo is { Length: > 0 } replyTo)
        {
            headers.Add(new(WireHeaders.ReplyTo, Destinations.ActiveMq(replyTo)));
        }
        var due = publication.Due is { } time && time > now ? time : now;
        if (due > now)
        {
            headers.Add(new("AMQ_SCHEDULED_DELAY", Text((long)Math.Ceiling((due - now).TotalMilliseconds))));
        }
        if (Shorter(queue.Declaration.MessageTimeToLive, message.Expiration) is { } life)
        {
            headers.Add(new(WireHeaders.Expires, OutgoingMessage.Milliseconds(Later(due, life))));
        }
        return StompFrames.Send(Destinations.ActiveMq(queue.Name), message.Body, StompHeaders.Create(CollectionsMarshal.AsSpan(headers)));
    }

    public async Task<QueueCounts> CountAsync(KnownQueue queue, long heldHere, CancellationToken cancellationToken)
    {
        var seen = await _client.CountAsync(_nextId(), Destinations.ActiveMq(queue.Name), cancellationToken).ConfigureAwait(false);
        return new QueueCounts(Math.Max(0, seen - heldHere)) { IsLowerBound = seen >= LongestBrowse };
    }

    public async Task<long> PurgeAsync(KnownQueue queue, CancellationToken cancellationToken)
    {
        var (id, destination) = (_nextId(), Destinations.ActiveMq(queue.Name));
        StompFrame? last = null;
        var (dropped, seen) = (0L, 0L);
        return await _client.WhileSubscribedAsync(
            new StompSubscriptionOptions { Id = id, Destination = destination, AckMode = StompAckMode.Client, Headers = [new("activemq.prefetchSize", Text(PurgeWindow))] },
            frame => (last, seen) = (frame, seen + 1),
            async () =>
            {
                while (true)
                {
                    await _client.BrowseAsync(_nextId(), destination, Browsing.Nothing, cancellationToken).ConfigureAwait(false);
                    if (seen == dropped || last is null)
                    {
                        return dropped;
                    }
                    dropped = seen;
                    await _client.RequestAsync(StompFrames.Ack(StompConsumer.AckId(last)), cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    public Task SubscribeAsync(StompConsumer consumer, CancellationToken cancellationToken) => _consumers.SubscribeAsync(consumer, cancellationToken);

    public Task SettleDownAsync(StompConsumer consumer, CancellationToken cancellationToken) =>
        _client.BrowseAsync(_nextId(), Destinations.ActiveMq(consumer.Queue), Browsing.Nothing, cancellationToken);

    public Task StopAsync(StompConsumer consumer, IReadOnlyList<Delivery> untaken, CancellationToken cancellationToken) =>
        _sendingBack.StopAsync(consumer, untaken, cancellationToken);

    public void GiveBack(StompConsumer consumer, StompFrame frame, long tag) => _sendingBack.GiveBack(consumer, frame, tag);

    public Task EndAsync(StompConsumer consumer, CancellationToken cancellationToken) => _consumers.EndAsync(consumer, cancellationToken);

    public SettlementPlan SettlementOf(StompConsumer consumer, StompFrame frame, Settlement settlement)
    {
        var ackId = StompConsumer.AckId(frame);
        switch (settlement)
        {
            case Settlement.Ack:
                return new SettlementPlan([], StompFrames.Ack(ackId));
            case Settlement.Reject:
                // To the broker's dead-letter queue (ActiveMQ.DLQ), where a person can find it.
                return new SettlementPlan([], StompFrames.Nack(ackId));
            default:
                return RequeueOf(consumer, frame, ackId);
        }
    }

    public async Task ExecuteAsync(IReadOnlyList<StompWork> works)
    {
        foreach (var work in works.Where(work => work.Early.Count > 0))
        {
            await _client.RequestEachAsync(work.Early).ConfigureAwait(false);
            work.Early = [];
        }
        List<StompFrame> together = [.. works.SelectMany(work => work.Sends), .. works.SelectMany(work => work.Settlements).Where(IsAck).Select(ack => ack.Frame)];
        if (together.Count > 1)
        {
            await _transactions.CommitAsync(together).ConfigureAwait(false);
        }
        else if (together.Count == 1)
        {
            await _client.RequestAsync(together[0]).ConfigureAwait(false);
        }
        // Where a later frame is refused the works are tried again, each alone: what is done must not be done twice.
        foreach (var work in works)
        {
            (work.Sends, work.Settlements) = ([], [.. work.Settlements.Where(settlement => !IsAck(settlement))]);
        }
        // ActiveMQ refuses a NACK within a transaction: after the follow-ups are safe, each by itself.
        foreach (var work in works.Where(work => work.Settlements.Count > 0))
        {
            await _client.RequestEachAsync([.. work.Settlements.Select(settlement => settlement.Frame)]).ConfigureAwait(false);
            work.Settlements = [];
        }
    }

    public string ReadReplyTo(string replyTo) => Destinations.FromActiveMq(replyTo);

    private static bool IsAck(SettlementFrame settlement) => settlement.Frame.Command != "NACK";

    private SettlementPlan RequeueOf(StompConsumer consumer, StompFrame frame, string ackId)
    {
        if (_topology.Table.Queue(consumer.Queue)?.Id != consumer.Incarnation)
        {
            // The queue was deleted meanwhile, and its messages with it.
            return new SettlementPlan([], StompFrames.Ack(ackId));
        }
        if (consumer.IsSingle)
        {
            return new SettlementPlan([], null);
        }
        // NACK would dead-letter it at once: a copy and an acknowledgement in one transaction is what gives a message back.
        var copy = Copies.Of(frame, Destinations.ActiveMq(consumer.Queue));
        return consumer.IsStopping ? new SettlementPlan([copy], null, LeavesPlug: true) : new SettlementPlan([copy], StompFrames.Ack(ackId));
    }

    private void OnAnnouncement(StompFrame announcement) => _ = Task.Run(async () =>
    {
        try
        {
            // Whoever announces hears himself, and need not look.
            if (!_topology.Knows(announcement))
            {
                await _topology.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            }
            _topologyChanged(() => _topology.Table);
        }
        catch (StompException)
        {
            // The connection is lost: the next one begins by reading the register.
        }
    });

    private static KnownQueue Known(StoredQueue queue) => new(queue.Declaration, queue.Id);

    private static int PriorityIn(QueueDeclaration queue, byte? priority) =>
        queue.MaxPriority is { } maximum and > 0 ? Math.Min(priority ?? 0, maximum) : MiddlePriority;

    private static TimeSpan? Shorter(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    private static DateTimeOffset Later(DateTimeOffset time, TimeSpan life) => life < DateTimeOffset.MaxValue - time ? time + life : DateTimeOffset.MaxValue;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
