using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_message_published_to_a_queue_is_received()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "hello");
        Assert.Equal(["hello"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_published_to_a_direct_exchange_reaches_the_queue_bound_with_its_routing_key_and_no_other()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var (red, blue) = (await DeclareQueueAsync("red"), await DeclareQueueAsync("blue"));
        await BindAsync(exchange, red, "red");
        await BindAsync(exchange, blue, "blue");
        await PublishToAsync(exchange, "red", "to red");
        await PublishToAsync(exchange, "blue", "to blue");
        Assert.Equal(["to red"], await DrainAsync(red, 1));
        Assert.Equal(["to blue"], await DrainAsync(blue, 1));
        await AssertEmptyAsync(red);
        await AssertEmptyAsync(blue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_mandatory_message_to_a_queue_that_does_not_exist_is_unroutable()
    {
        var absent = Harness.NameOf("absent");
        var unroutable = await Assert.ThrowsAsync<UnroutableException>(() => PublishAsync(absent, "lost"));
        Assert.Equal(("", absent), (unroutable.Exchange, unroutable.RoutingKey));
        Assert.Contains(absent, unroutable.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_mandatory_message_that_no_binding_matches_is_unroutable()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        await BindAsync(exchange, await DeclareQueueAsync(), "right");
        var unroutable = await Assert.ThrowsAsync<UnroutableException>(() => PublishToAsync(exchange, "wrong", "lost"));
        Assert.Equal((exchange, "wrong"), (unroutable.Exchange, unroutable.RoutingKey));
    }

    [Fact(Timeout = Limit)]
    public async Task A_mandatory_message_to_an_exchange_that_does_not_exist_is_refused_by_the_exchange_s_name()
    {
        var absent = Harness.NameOf("absent");
        await AssertRefusedAsync(
            () => Transport.PublishAsync(new Publication(TextMessage("lost"), absent, "key") { Mandatory = true }, Cancelled), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_not_mandatory_may_reach_no_queue()
    {
        await Transport.PublishAsync(new Publication(TextMessage("nobody's"), "", Harness.NameOf("absent")), Cancelled);
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "still working");
        Assert.Equal(["still working"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task The_transport_goes_on_after_an_unroutable_message()
    {
        await Assert.ThrowsAsync<UnroutableException>(() => PublishAsync(Harness.NameOf("absent"), "lost"));
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "next");
        Assert.Equal(["next"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task One_message_published_twice_arrives_twice()
    {
        var queue = await DeclareQueueAsync();
        var message = TextMessage("again");
        await Transport.PublishAsync(new[] { Publication.ToQueue(queue, message), Publication.ToQueue(queue, message) }, Cancelled);
        Assert.Equal(["again", "again"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task An_empty_list_publishes_nothing()
    {
        var queue = await DeclareQueueAsync();
        await Transport.PublishAsync(ReadOnlyMemory<Publication>.Empty, Cancelled);
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task One_list_may_go_to_several_queues_and_exchanges()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var (one, two) = (await DeclareQueueAsync("one"), await DeclareQueueAsync("two"));
        await BindAsync(exchange, two, "key");
        await Transport.PublishAsync(
            new[] { Publication.ToQueue(one, TextMessage("1")), new Publication(TextMessage("2"), exchange, "key"), Publication.ToQueue(one, TextMessage("3")) },
            Cancelled);
        Assert.Equal(["1", "3"], await DrainAsync(one, 2));
        Assert.Equal(["2"], await DrainAsync(two, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Every_member_connects_by_itself()
    {
        var queue = await DeclareQueueAsync();
        await Harness.Open().PublishAsync(Publication.ToQueue(queue, TextMessage("first call")), Cancelled);
        var delivery = await Harness.Open().GetAsync(queue, Cancelled);
        Assert.Equal("first call", TextOf(Assert.IsType<Delivery>(delivery)));
    }

    [Fact(Timeout = Limit)]
    public async Task Connecting_again_does_nothing()
    {
        var queue = await DeclareQueueAsync();
        await Transport.ConnectAsync(Cancelled);
        await PublishAsync(queue, "kept");
        await Transport.ConnectAsync(Cancelled);
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public void The_name_of_the_transport_is_its_url_without_a_password()
    {
        var (name, url) = (BrokerUrl.Parse(Transport.Name), BrokerUrl.Parse(Harness.Url));
        Assert.Equal((url.Scheme, url.Host, url.Path), (name.Scheme, name.Host, name.Path));
        Assert.True(name.Password is null or "***", "The name shows a password.");
    }
}
