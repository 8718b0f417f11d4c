using System.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

// Servers that are away, come late, come back or have a deputy.
public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task Connecting_to_a_server_that_refuses_fails_at_once_and_names_it_without_its_password()
    {
        if (Network() is not { } network)
        {
            return;
        }
        network.Refuse();
        var started = Stopwatch.GetTimestamp();
        var error = await Assert.ThrowsAnyAsync<TransportException>(() => OpenQuick("connect_timeout=90s").ConnectAsync(Cancelled).AsTask());
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        AssertNamesTheServer(error, network);
    }

    [Fact(Timeout = Limit)]
    public async Task Connecting_to_a_server_that_does_not_answer_fails_within_its_time_and_names_it_without_its_password()
    {
        if (Network() is not { } network)
        {
            return;
        }
        network.BlackHole();
        // A busy machine may be late, but not every time: the default of 5 s would be.
        var times = new List<TimeSpan>();
        do
        {
            var started = Stopwatch.GetTimestamp();
            var error = await Assert.ThrowsAnyAsync<TransportException>(() => OpenQuick("connect_timeout=500ms").ConnectAsync(Cancelled).AsTask());
            times.Add(Stopwatch.GetElapsedTime(started));
            AssertNamesTheServer(error, network);
        }
        while (times.Min() > TimeSpan.FromSeconds(4) && times.Count < 5);
        Assert.InRange(times.Min(), TimeSpan.FromMilliseconds(400), TimeSpan.FromSeconds(4));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_asked_for_while_the_server_is_away_is_done_when_it_comes()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        network.Refuse();
        await network.CutAsync();
        var transport = OpenQuick();
        var subscribing = transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled).AsTask();
        var publishing = transport.PublishAsync(Publication.ToQueue(queue, TextMessage("patient")), Cancelled).AsTask();
        await EventuallyAsync(() => Task.FromResult(transport.Health.LastError is not null), "a first attempt has failed");
        Assert.False(subscribing.IsCompletedSuccessfully || publishing.IsCompletedSuccessfully);
        network.Restore();
        await publishing;
        await using var subscription = await subscribing;
        Assert.Equal(["patient"], await DrainAsync(subscription, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_declared_and_lost_with_the_server_comes_back_after_a_cut()
    {
        // A store keeps whatever was declared until it is deleted: it has nothing to bring back.
        if (Network() is not { } network || Transport.Capabilities.FencedLeases || await ExchangesAreRefusedAsync())
        {
            return;
        }
        var (exchange, queue) = (Harness.NameOf("exchange"), Harness.NameOf("queue"));
        await Transport.DeclareAsync(
            new Topology
            {
                Exchanges = [new ExchangeDeclaration(exchange) { Durable = false }],
                Queues = [new QueueDeclaration(queue) { Durable = false }],
                Bindings = [new Binding(exchange, queue, "key")],
            },
            Cancelled);
        await using var subscription = await SubscribeAsync(queue);
        network.Refuse();
        await network.CutAsync();
        // As a server that restarts forgets what is not durable.
        var elsewhere = Harness.Open(network.Around(Harness.Url));
        await elsewhere.DeleteQueueAsync(queue, Cancelled);
        await elsewhere.DeleteExchangeAsync(exchange, Cancelled);
        network.Restore();
        await PublishToAsync(exchange, "key", "routed");
        Assert.Equal(["routed"], await DrainAsync(subscription, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_subscription_on_a_queue_that_was_lost_with_the_server_goes_on_after_a_cut()
    {
        if (Network() is not { } network || Transport.Capabilities.FencedLeases || await ExchangesAreRefusedAsync())
        {
            return;
        }
        // They come back one after the other: what the first declares again is news for those that still wait.
        string[] queues = [.. Enumerable.Range(0, 10).Select(number => Harness.NameOf($"queue{number}"))];
        await Transport.DeclareAsync(new Topology { Queues = [.. queues.Select(queue => new QueueDeclaration(queue) { Durable = false })] }, Cancelled);
        var subscriptions = new List<ISubscription>();
        foreach (var queue in queues)
        {
            subscriptions.Add(await SubscribeAsync(queue));
        }
        network.Refuse();
        await network.CutAsync();
        var elsewhere = Harness.Open(network.Around(Harness.Url));
        foreach (var queue in queues)
        {
            await elsewhere.DeleteQueueAsync(queue, Cancelled);
        }
        network.Restore();
        foreach (var (queue, subscription) in queues.Zip(subscriptions))
        {
            await PublishAsync(queue, queue);
            Assert.Equal([queue], await DrainAsync(subscription, 1));
            await subscription.DisposeAsync();
        }
    }

    [Fact(Timeout = Limit)]
    public async Task The_health_goes_from_connected_to_reconnecting_with_the_reason_and_back()
    {
        if (Network() is not { } network)
        {
            Assert.Equal(ConnectionState.Connected, Transport.Health.State);
            return;
        }
        var transport = OpenQuick();
        await transport.ConnectAsync(Cancelled);
        Assert.Equal((ConnectionState.Connected, null), (transport.Health.State, transport.Health.LastError));
        network.Refuse();
        await network.CutAsync();
        await EventuallyAsync(() => Task.FromResult(transport.Health is { State: ConnectionState.Reconnecting, LastError: not null }), "the loss is told");
        network.Restore();
        await EventuallyAsync(() => Task.FromResult(transport.Health.State == ConnectionState.Connected), "the return is told");
        Assert.Null(transport.Health.LastError);
        await transport.DisposeAsync();
        Assert.Equal(ConnectionState.Closed, transport.Health.State);
    }

    [Fact(Timeout = Limit)]
    public async Task Disposing_while_the_server_is_away_ends_soon_and_ends_every_wait()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var transport = OpenQuick("publish_timeout=90s", "connect_timeout=90s");
        var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        network.Refuse();
        await network.CutAsync();
        await EventuallyAsync(() => Task.FromResult(transport.Health.State == ConnectionState.Reconnecting), "the loss is noticed");
        var receiving = Record.ExceptionAsync(async () => await subscription.ReceiveAsync(Cancelled)).AsTask();
        var publishing = Record.ExceptionAsync(async () => await transport.PublishAsync(Publication.ToQueue(queue, TextMessage("never sent")), Cancelled)).AsTask();
        var started = Stopwatch.GetTimestamp();
        await transport.DisposeAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        await receiving.WaitAsync(Harness.Patience, Cancelled);
        Assert.NotNull(await publishing.WaitAsync(Harness.Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Of_two_servers_the_second_is_used_when_the_first_refuses()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await using var first = TcpProxy.Start(network.ServerHost, network.ServerPort);
        first.Refuse();
        var transport = Harness.Open($"{first.Through(network.Around(Harness.Url))};{Harness.Url}");
        await transport.ConnectAsync(Cancelled);
        await transport.PublishAsync(Publication.ToQueue(queue, TextMessage("through the second")), Cancelled);
        Assert.Equal(["through the second"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Of_two_servers_the_second_is_used_when_the_first_is_lost_and_the_subscription_moves_with_it()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await using var first = TcpProxy.Start(network.ServerHost, network.ServerPort);
        var transport = Harness.Open($"{first.Through(network.Around(Harness.Url))};{Harness.Url}");
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        Assert.True(first.Connections > 0, "The first server was not tried first.");
        first.Refuse();
        await first.CutAsync();
        await PublishAsync(queue, "moved");
        Assert.Equal(["moved"], await DrainAsync(subscription, 1));
    }
}
