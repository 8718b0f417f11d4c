using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where fanout is not claimed: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> FanoutIsRefusedAsync()
    {
        if (Can.Fanout)
        {
            return false;
        }
        await AssertRefusedAsync(async () => await DeclareExchangeAsync(ExchangeType.Fanout, "refused"), "fanout", Harness.NameOf("refused"));
        return true;
    }

    [Fact(Timeout = Limit)]
    public async Task A_fanout_exchange_gives_every_bound_queue_a_copy_whatever_the_routing_key()
    {
        if (await FanoutIsRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Fanout);
        var (one, two, unbound) = (await DeclareQueueAsync("one"), await DeclareQueueAsync("two"), await DeclareQueueAsync("unbound"));
        await BindAsync(exchange, one);
        await BindAsync(exchange, two, "ignored");
        await PublishToAsync(exchange, "any key", "news");
        Assert.Equal(["news"], await DrainAsync(one, 1));
        Assert.Equal(["news"], await DrainAsync(two, 1));
        await AssertEmptyAsync(unbound);
    }

    [Fact(Timeout = Limit)]
    public async Task The_copies_of_a_fanout_are_settled_apart()
    {
        if (await FanoutIsRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Fanout);
        var (one, two) = (await DeclareQueueAsync("one"), await DeclareQueueAsync("two"));
        await BindAsync(exchange, one);
        await BindAsync(exchange, two);
        await PublishToAsync(exchange, "", "news");
        await (Assert.IsType<Delivery>(await Transport.GetAsync(one, Cancelled))).RejectAsync(Cancelled);
        Assert.Equal(["news"], await DrainAsync(two, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_fanout_exchange_without_queues_makes_a_mandatory_message_unroutable()
    {
        if (await FanoutIsRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Fanout);
        await Assert.ThrowsAsync<UnroutableException>(() => PublishToAsync(exchange, "", "unheard"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_fanout_wakes_the_consumers_of_all_its_queues()
    {
        if (await FanoutIsRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync(ExchangeType.Fanout);
        var (one, two) = (await DeclareQueueAsync("one"), await DeclareQueueAsync("two"));
        await BindAsync(exchange, one);
        await BindAsync(exchange, two);
        await using var first = await SubscribeAsync(one);
        await using var second = await SubscribeAsync(two);
        var waiting = Task.WhenAll(ReceiveAsync(first), ReceiveAsync(second));
        await PublishToAsync(exchange, "", "news");
        Assert.All(await waiting, delivery => Assert.Equal("news", TextOf(delivery)));
    }
}
