using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_disposed_transport_gives_back_all_that_it_held()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "received", "got", "ready");
        var holder = Harness.Open();
        var subscription = await holder.SubscribeAsync(new SubscriptionOptions([queue], Prefetch: 1), Cancelled);
        await ReceiveAsync(subscription);
        Assert.NotNull(await holder.GetAsync(queue, Cancelled));
        await holder.DisposeAsync();
        Assert.Equal(["got", "ready", "received"], (await DrainAsync(queue, 3)).Order());
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_ends_when_its_transport_is_disposed()
    {
        var queue = await DeclareQueueAsync();
        var transport = Harness.Open();
        var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        var waiting = subscription.ReceiveAsync(Cancelled).AsTask();
        await transport.DisposeAsync();
        Assert.Null(await waiting.WaitAsync(Harness.Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_disposed_transport_refuses_every_call()
    {
        var queue = await DeclareQueueAsync();
        var transport = Harness.Open();
        await transport.ConnectAsync(Cancelled);
        await transport.DisposeAsync();
        await transport.DisposeAsync();
        await AssertDisposedAsync(() => transport.ConnectAsync(Cancelled));
        await AssertDisposedAsync(() => transport.DeclareAsync(Topology.Queue(queue), Cancelled));
        await AssertDisposedAsync(async () => await transport.DeleteQueueAsync(queue, Cancelled));
        await AssertDisposedAsync(async () => await transport.PurgeAsync(queue, Cancelled));
        if (Can.Counts)
        {
            await AssertDisposedAsync(async () => await transport.CountAsync(queue, Cancelled));
        }
        await AssertDisposedAsync(() => transport.PublishAsync(Publication.ToQueue(queue, TextMessage("late")), Cancelled));
        await AssertDisposedAsync(async () => await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled));
        await AssertDisposedAsync(async () => await transport.GetAsync(queue, Cancelled));
        if (Can.Exchanges)
        {
            await AssertDisposedAsync(() => transport.UnbindAsync(new Binding("exchange", queue), Cancelled));
            await AssertDisposedAsync(async () => await transport.DeleteExchangeAsync("exchange", Cancelled));
        }
        if (Can.Documents)
        {
            await AssertDisposedAsync(async () => await transport.Documents!.ReadAsync(["key"], Cancelled));
        }
    }

    private static async Task AssertDisposedAsync(Func<ValueTask> call) => await Assert.ThrowsAsync<ObjectDisposedException>(() => call().AsTask());

    [Fact(Timeout = Limit)]
    public async Task A_delivery_of_a_disposed_transport_is_not_settled()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "given back");
        var holder = Harness.Open();
        var delivery = Assert.IsType<Delivery>(await holder.GetAsync(queue, Cancelled));
        await holder.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => delivery.AckAsync(Cancelled).AsTask());
        Assert.Equal(["given back"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Disposing_one_connection_leaves_the_others_working()
    {
        var queue = await DeclareQueueAsync();
        var other = Harness.Open();
        await other.ConnectAsync(Cancelled);
        await using var subscription = await SubscribeAsync(queue);
        await other.DisposeAsync();
        await PublishAsync(queue, "still working");
        Assert.Equal(["still working"], await DrainAsync(subscription, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_published_is_there_when_everybody_has_left_and_somebody_returns()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var (exchange, queue) = (await DeclareExchangeAsync(), await DeclareQueueAsync());
        await BindAsync(exchange, queue, "key");
        await PublishToAsync(exchange, "key", "durable");
        await Transport.DisposeAsync();
        var later = Harness.Open();
        if (!Can.Durable)
        {
            await later.DeclareAsync(Topology.Queue(queue), Cancelled);
            return;
        }
        var delivery = Assert.IsType<Delivery>(await later.GetAsync(queue, Cancelled));
        Assert.Equal("durable", TextOf(delivery));
        await delivery.AckAsync(Cancelled);
        await later.PublishAsync(new Publication(TextMessage("bound"), exchange, "key") { Mandatory = true }, Cancelled);
    }
}
