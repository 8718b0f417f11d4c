using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task Declaring_an_equal_queue_again_keeps_its_messages()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "kept");
        await DeclareQueueAsync();
        await Harness.Open().DeclareAsync(Topology.Queue(queue), Cancelled);
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }

    public static TheoryData<string> QueueProperties => ["TTL", "Expires", "MaxPriority", "DeadLetterExchange", "DeadLetterRoutingKey"];

    [Theory(Timeout = Limit)]
    [MemberData(nameof(QueueProperties))]
    public async Task Declaring_a_queue_again_with_another_property_is_refused_and_names_the_queue(string property)
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "kept");
        await AssertRefusedAsync(async () => await DeclareQueueAsync(shape: queue => WithProperty(queue, property)), queue);
        await DeclareQueueAsync();
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }

    private static QueueDeclaration WithProperty(QueueDeclaration queue, string property) => property switch
    {
        "TTL" => queue with { MessageTimeToLive = TimeSpan.FromMinutes(1) },
        "Expires" => queue with { Expires = TimeSpan.FromMinutes(1) },
        "MaxPriority" => queue with { MaxPriority = 3 },
        "DeadLetterExchange" => queue with { DeadLetterExchange = "" },
        "DeadLetterRoutingKey" => queue with { DeadLetterExchange = "", DeadLetterRoutingKey = "dead" },
        _ => throw new ArgumentOutOfRangeException(nameof(property), property, "No such property."),
    };

    [Fact(Timeout = Limit)]
    public async Task Declaring_an_equal_exchange_again_keeps_its_bindings()
    {
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "key");
        await DeclareExchangeAsync();
        await PublishToAsync(exchange, "key", "routed");
        Assert.Equal(["routed"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Declaring_an_exchange_again_with_another_type_is_refused_and_names_the_exchange()
    {
        var exchange = await DeclareExchangeAsync();
        await AssertRefusedAsync(async () => await DeclareExchangeAsync(ExchangeType.Fanout), exchange);
        await DeclareExchangeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task The_transport_goes_on_after_a_refused_declaration()
    {
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        await AssertRefusedAsync(async () => await DeclareExchangeAsync(ExchangeType.Fanout), exchange);
        await PublishAsync(queue, "still working");
        Assert.Equal(["still working"], await DrainAsync(subscription, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_topology_is_declared_in_one_call()
    {
        var (exchange, queue) = (Harness.NameOf("exchange"), Harness.NameOf("queue"));
        await Transport.DeclareAsync(
            new Topology
            {
                Exchanges = [new ExchangeDeclaration(exchange)],
                Queues = [new QueueDeclaration(queue)],
                Bindings = [new Binding(exchange, queue, "one"), new Binding(exchange, queue, "two")],
            },
            Cancelled);
        await PublishToAsync(exchange, "one", "1");
        await PublishToAsync(exchange, "two", "2");
        Assert.Equal(["1", "2"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task Binding_to_an_exchange_that_does_not_exist_is_refused_by_its_name()
    {
        var (queue, absent) = (await DeclareQueueAsync(), Harness.NameOf("absent"));
        await AssertRefusedAsync(async () => await BindAsync(absent, queue), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task Binding_a_queue_that_does_not_exist_is_refused_by_its_name()
    {
        var (exchange, absent) = (await DeclareExchangeAsync(), Harness.NameOf("absent"));
        await AssertRefusedAsync(async () => await BindAsync(exchange, absent), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task The_same_binding_declared_twice_delivers_one_copy()
    {
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
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "old");
        await PublishToAsync(exchange, "old", "1");
        await Harness.Open().DeclareAsync(new Topology { Bindings = [new Binding(exchange, queue, "new")] }, Cancelled);
        await PublishToAsync(exchange, "new", "2");
        Assert.Equal(["1", "2"], await DrainAsync(queue, 2));
    }

    [Theory(Timeout = Limit)]
    [InlineData("with space")]
    [InlineData("quote's and \"double\"")]
    [InlineData("sellerie-rémoulade-セロリ-🥬")]
    [InlineData("a:b\\c/d?e=f&g%20h")]
    public async Task A_queue_s_name_may_hold(string text)
    {
        var queue = await DeclareQueueAsync(text);
        await PublishAsync(queue, "named");
        await using var subscription = await SubscribeAsync(queue);
        Assert.Equal(queue, (await ReceiveAsync(subscription)).Queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_s_name_has_at_most_255_bytes()
    {
        var stem = new string('n', 255 - Harness.NameOf("").Length);
        var queue = await DeclareQueueAsync(stem);
        Assert.Equal(255, queue.Length);
        await PublishAsync(queue, "long name");
        Assert.Equal(["long name"], await DrainAsync(queue, 1));
        await AssertRefusedAsync(async () => await DeclareQueueAsync(stem + "n"), "255");
    }

    [Fact(Timeout = Limit)]
    public async Task An_empty_name_is_refused()
    {
        await AssertRefusedAsync(() => Transport.DeclareAsync(new Topology { Queues = [new QueueDeclaration("")] }, Cancelled), "name");
        await AssertRefusedAsync(() => Transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration("")] }, Cancelled), "name");
    }
}
