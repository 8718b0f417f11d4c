using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_gets_the_message_published_later()
    {
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = ReceiveAsync(subscription);
        Assert.False(waiting.IsCompleted);
        await PublishAsync(queue, "awaited");
        Assert.Equal("awaited", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_gets_the_message_published_through_another_connection()
    {
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = ReceiveAsync(subscription);
        await Harness.Open().PublishAsync(Publication.ToQueue(queue, TextMessage("awaited")), Cancelled);
        Assert.Equal("awaited", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task A_delivery_says_where_it_came_from()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "key");
        await PublishToAsync(exchange, "key", "routed");
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        Assert.Equal((queue, exchange, "key"), (delivery.Queue, delivery.Exchange, delivery.RoutingKey));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_published_to_a_queue_says_the_default_exchange_and_the_queue_as_its_routing_key()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "direct");
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        Assert.Equal((queue, "", queue), (delivery.Queue, delivery.Exchange, delivery.RoutingKey));
    }

    [Fact(Timeout = Limit)]
    public async Task A_new_message_is_not_redelivered_and_nobody_died_with_it()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "new");
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        Assert.False(delivery.Redelivered);
        Assert.True(delivery.Deaths is null or 0, $"Deaths is {delivery.Deaths}.");
        Assert.False(delivery.IsSettled);
    }

    [Fact(Timeout = Limit)]
    public async Task Subscribing_to_a_queue_that_does_not_exist_is_refused_by_its_name()
    {
        var absent = Harness.NameOf("absent");
        await AssertRefusedAsync(async () => await SubscribeAsync(absent), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task Subscribing_to_two_queues_of_which_one_does_not_exist_is_refused_by_its_name()
    {
        var (queue, absent) = (await DeclareQueueAsync(), Harness.NameOf("absent"));
        await AssertRefusedAsync(async () => await Transport.SubscribeAsync(new SubscriptionOptions([queue, absent]), Cancelled), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_fails_by_the_queue_s_name_when_the_queue_is_deleted()
    {
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = subscription.ReceiveAsync(Cancelled).AsTask();
        Assert.False(waiting.IsCompleted);
        await Transport.DeleteQueueAsync(queue, Cancelled);
        var failure = await Assert.ThrowsAnyAsync<TransportException>(() => waiting.WaitAsync(Harness.Patience, Cancelled));
        Assert.Contains(queue, failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Two_consumers_of_a_queue_never_hold_the_same_message()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "a", "b");
        await using var first = await SubscribeAsync(queue, prefetch: 1);
        await using var second = await SubscribeAsync(queue, prefetch: 1);
        string[] held = [TextOf(await ReceiveAsync(first)), TextOf(await ReceiveAsync(second))];
        Assert.Equal(["a", "b"], held.Order());
    }

    [Fact(Timeout = Limit)]
    public async Task A_subscription_serves_all_its_queues()
    {
        string[] queues = [await DeclareQueueAsync("one"), await DeclareQueueAsync("two"), await DeclareQueueAsync("three")];
        await using var subscription = await Transport.SubscribeAsync(new SubscriptionOptions(queues, Prefetch: 10), Cancelled);
        foreach (var queue in queues)
        {
            await PublishAsync(queue, queue);
        }
        var held = await HoldAsync(subscription, 3);
        Assert.Equal(queues.Order(), held.Select(delivery => delivery.Queue).Order());
        Assert.All(held, delivery => Assert.Equal(delivery.Queue, TextOf(delivery)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_queue_does_not_starve_the_other_queues_of_a_subscription()
    {
        var (full, small) = (await DeclareQueueAsync("full"), await DeclareQueueAsync("small"));
        await PublishAsync(full, Numbered(100));
        await PublishAsync(small, "small");
        await using var subscription = await Transport.SubscribeAsync(new SubscriptionOptions([full, small], Prefetch: 1), Cancelled);
        Assert.Contains("small", await DrainAsync(subscription, 20));
    }

    [Fact(Timeout = Limit)]
    public async Task Get_takes_one_message_and_leaves_the_others()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "a", "b");
        var delivery = Assert.IsType<Delivery>(await Transport.GetAsync(queue, Cancelled));
        Assert.Equal("a", TextOf(delivery));
        Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
        Assert.Equal(["b"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Get_answers_null_at_once_where_the_queue_is_empty()
    {
        var queue = await DeclareQueueAsync();
        Assert.Null(await Transport.GetAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Get_from_a_queue_that_does_not_exist_is_refused_by_its_name()
    {
        var absent = Harness.NameOf("absent");
        await AssertRefusedAsync(async () => await Transport.GetAsync(absent, Cancelled), absent);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_was_got_and_requeued_comes_back()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "back");
        var delivery = Assert.IsType<Delivery>(await Transport.GetAsync(queue, Cancelled));
        Assert.Equal(CompletionStatus.Applied, await delivery.RequeueAsync(Cancelled));
        Assert.Equal(["back"], await DrainAsync(queue, 1));
    }
}
