using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_acknowledged_is_gone_for_good()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "done", "next");
        await using (var subscription = await SubscribeAsync(queue, prefetch: 1))
        {
            var delivery = await ReceiveAsync(subscription);
            Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
            Assert.True(delivery.IsSettled);
        }
        Assert.Equal(["next"], await DrainAsync(queue, 1));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_requeued_comes_back_as_redelivered()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "again");
        await using var subscription = await SubscribeAsync(queue);
        Assert.Equal(CompletionStatus.Applied, await (await ReceiveAsync(subscription)).RequeueAsync(Cancelled));
        var back = await ReceiveAsync(subscription);
        Assert.Equal("again", TextOf(back));
        Assert.True(back.Redelivered);
        Assert.True(back.Deaths is null or 0, "A requeue is no death.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_requeued_may_go_to_another_consumer()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "again");
        var first = await SubscribeAsync(queue, prefetch: 1);
        var delivery = await ReceiveAsync(first);
        await using var second = await SubscribeAsync(queue, prefetch: 1);
        await first.CancelAsync(Cancelled);
        await delivery.RequeueAsync(Cancelled);
        Assert.Equal("again", TextOf(await ReceiveAsync(second)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_rejected_without_a_dead_letter_exchange_is_dropped()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "bad", "next");
        await using (var subscription = await SubscribeAsync(queue, prefetch: 1))
        {
            Assert.Equal(CompletionStatus.Applied, await (await ReceiveAsync(subscription)).RejectAsync(Cancelled));
        }
        Assert.Equal(["next"], await DrainAsync(queue, 1));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task Settling_a_delivery_a_second_time_is_refused_and_names_both_settlements()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "once");
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        await delivery.AckAsync(Cancelled);
        var second = await Assert.ThrowsAsync<AlreadySettledException>(() => delivery.RejectAsync(Cancelled).AsTask());
        Assert.Equal((Settlement.Ack, Settlement.Reject), (second.First, second.Second));
        Assert.Contains("Ack", second.Message, StringComparison.Ordinal);
        Assert.Contains("Reject", second.Message, StringComparison.Ordinal);
        Assert.Contains(queue, second.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Of_many_callers_that_settle_a_delivery_at_once_one_wins()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "contested");
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => SettleOrLoseAsync(delivery))));
        Assert.Equal(1, outcomes.Count(won => won));
        await AssertEmptyAsync(queue);
    }

    private static async Task<bool> SettleOrLoseAsync(Delivery delivery)
    {
        try
        {
            return await delivery.AckAsync(Cancelled) == CompletionStatus.Applied;
        }
        catch (AlreadySettledException)
        {
            return false;
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Settling_the_last_of_three_settles_no_other()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "1", "2", "3");
        await using (var subscription = await SubscribeAsync(queue, prefetch: 3))
        {
            var held = await HoldAsync(subscription, 3);
            Assert.Equal(CompletionStatus.Applied, await held[2].AckAsync(Cancelled));
        }
        Assert.Equal(["1", "2"], (await DrainAsync(queue, 2)).Order());
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task Deliveries_may_be_settled_in_any_order_by_any_thread()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(50));
        await using (var subscription = await SubscribeAsync(queue, prefetch: 50))
        {
            var held = await HoldAsync(subscription, 50);
            held.Reverse();
            await Parallel.ForEachAsync(held, Cancelled, async (delivery, token) =>
                Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(token)));
        }
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_delivery_of_a_disposed_subscription_is_lost()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "given back");
        var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        await subscription.DisposeAsync();
        Assert.Equal(CompletionStatus.Lost, await delivery.AckAsync(Cancelled));
        Assert.Equal(["given back"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_delivery_of_a_deleted_queue_does_not_come_back_to_a_new_queue_of_that_name()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "deleted");
        var delivery = Assert.IsType<Delivery>(await Transport.GetAsync(queue, Cancelled));
        await Transport.DeleteQueueAsync(queue, Cancelled);
        await DeclareQueueAsync();
        await delivery.RequeueAsync(Cancelled);
        await AssertEmptyAsync(queue);
    }
}
