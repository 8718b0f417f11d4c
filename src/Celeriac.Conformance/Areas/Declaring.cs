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
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
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
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        await AssertRefusedAsync(async () => await DeclareExchangeAsync(ExchangeType.Fanout), exchange);
        await DeclareExchangeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task The_transport_goes_on_after_a_refused_declaration()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
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
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
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
    public async Task A_queue_declared_twice_in_one_call_alike_is_one_queue()
    {
        var queue = Harness.NameOf("queue");
        await Transport.DeclareAsync(new Topology { Queues = [new QueueDeclaration(queue), new QueueDeclaration(queue)] }, Cancelled);
        await PublishAsync(queue, "one copy", "end");
        Assert.Equal(["one copy", "end"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_declared_twice_in_one_call_with_different_properties_is_refused_and_names_the_queue()
    {
        var queue = Harness.NameOf("queue");
        var twice = new Topology { Queues = [new QueueDeclaration(queue), new QueueDeclaration(queue) { Durable = false }] };
        await AssertRefusedAsync(() => Transport.DeclareAsync(twice, Cancelled), queue);
    }

    [Fact(Timeout = Limit)]
    public async Task An_exchange_declared_twice_in_one_call_with_different_types_is_refused_and_names_the_exchange()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = Harness.NameOf("exchange");
        var twice = new Topology { Exchanges = [new ExchangeDeclaration(exchange), new ExchangeDeclaration(exchange, ExchangeType.Fanout)] };
        await AssertRefusedAsync(() => Transport.DeclareAsync(twice, Cancelled), exchange);
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
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        await AssertRefusedAsync(() => Transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration("")] }, Cancelled), "name");
    }
}
