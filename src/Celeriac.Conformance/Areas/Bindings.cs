using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where there is only the default exchange: asserts that the refusals say so, and answers true.</summary>
    private async Task<bool> ExchangesAreRefusedAsync()
    {
        if (Can.Exchanges)
        {
            return false;
        }
        var refused = await DeclareQueueAsync("refused");
        await AssertRefusedAsync(async () => await DeclareExchangeAsync(stem: "refused"), refused, "exchange");
        await AssertRefusedAsync(async () => await BindAsync("amq.direct", refused, "key"), refused, "amq.direct", "default exchange");
        await AssertRefusedAsync(async () => await PublishToAsync("amq.direct", "key", "refused"), "amq.direct", "default exchange");
        await AssertEmptyAsync(refused);
        return true;
    }

    [Fact(Timeout = Limit)]
    public async Task Binding_to_an_exchange_that_does_not_exist_is_refused_by_its_name()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var (queue, absent) = (await DeclareQueueAsync(), Harness.NameOf("absent"));
        await AssertRefusedAsync(async () => await BindAsync(absent, queue), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task Binding_a_queue_that_does_not_exist_is_refused_by_its_name()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var (exchange, absent) = (await DeclareExchangeAsync(), Harness.NameOf("absent"));
        await AssertRefusedAsync(async () => await BindAsync(exchange, absent), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task The_same_binding_declared_twice_delivers_one_copy()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "key");
        await BindAsync(exchange, queue, "key");
        await PublishToAsync(exchange, "key", "one copy");
        await PublishAsync(queue, "end");
        Assert.Equal(["one copy", "end"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task A_binding_made_while_a_consumer_waits_is_honoured()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = ReceiveAsync(subscription);
        await BindAsync(exchange, queue, "key");
        await PublishToAsync(exchange, "key", "routed");
        Assert.Equal("routed", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task A_binding_made_through_another_connection_is_honoured_by_the_next_publish()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "old");
        await PublishToAsync(exchange, "old", "1");
        await Harness.Open().DeclareAsync(new Topology { Bindings = [new Binding(exchange, queue, "new")] }, Cancelled);
        await PublishToAsync(exchange, "new", "2");
        Assert.Equal(["1", "2"], await DrainAsync(queue, 2));
    }
}
