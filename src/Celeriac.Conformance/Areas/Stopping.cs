using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_cancelled_subscription_answers_null()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(3));
        await using var subscription = await SubscribeAsync(queue, prefetch: 1);
        await subscription.CancelAsync(Cancelled);
        Assert.Null(await subscription.ReceiveAsync(Cancelled));
        Assert.Null(await subscription.ReceiveAsync(Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_answers_null_when_its_subscription_is_cancelled()
    {
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = subscription.ReceiveAsync(Cancelled).AsTask();
        Assert.False(waiting.IsCompleted);
        await subscription.CancelAsync(Cancelled);
        Assert.Null(await waiting.WaitAsync(Harness.Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_answers_null_when_its_subscription_is_disposed()
    {
        var queue = await DeclareQueueAsync();
        var subscription = await SubscribeAsync(queue);
        var waiting = subscription.ReceiveAsync(Cancelled).AsTask();
        Assert.False(waiting.IsCompleted);
        await subscription.DisposeAsync();
        Assert.Null(await waiting.WaitAsync(Harness.Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_cancelled_subscription_gives_back_what_was_not_received_in_its_order_and_with_no_death()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(10));
        await using var subscription = await SubscribeAsync(queue, prefetch: 10);
        var received = await ReceiveAsync(subscription);
        await subscription.CancelAsync(Cancelled);
        await using var next = await SubscribeAsync(queue, prefetch: 10);
        var rest = await HoldAsync(next, 9);
        Assert.Equal(Numbered(10)[1..], rest.Select(TextOf));
        Assert.All(rest, delivery => Assert.True(delivery.Deaths is null or 0, $"Deaths is {delivery.Deaths}."));
        Assert.Equal(CompletionStatus.Applied, await received.AckAsync(Cancelled));
    }

    [Theory(Timeout = Limit)]
    [InlineData(Settlement.Ack)]
    [InlineData(Settlement.Reject)]
    [InlineData(Settlement.Requeue)]
    public async Task A_delivery_of_a_cancelled_subscription_can_still_be_settled(Settlement settlement)
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "in work");
        await using var subscription = await SubscribeAsync(queue, prefetch: 1);
        var delivery = await ReceiveAsync(subscription);
        await subscription.CancelAsync(Cancelled);
        await AssertEmptyAsync(queue);
        Assert.Equal(CompletionStatus.Applied, await delivery.CompleteAsync(new Completion(delivery, settlement), Cancelled));
        await PublishAsync(queue, "end");
        Assert.Equal(settlement == Settlement.Requeue ? "in work" : "end", (await DrainAsync(queue, 1))[0]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_disposed_subscription_gives_back_what_was_not_settled_as_redelivered_and_with_no_death()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(3));
        await using (var subscription = await SubscribeAsync(queue, prefetch: 3))
        {
            var held = await HoldAsync(subscription, 3);
            await held[1].AckAsync(Cancelled);
        }
        await using var next = await SubscribeAsync(queue, prefetch: 3);
        var back = await HoldAsync(next, 2);
        Assert.Equal(["0", "2"], back.Select(TextOf).Order());
        Assert.All(back, delivery => Assert.True(delivery.Redelivered));
        Assert.All(back, delivery => Assert.True(delivery.Deaths is null or 0, $"Deaths is {delivery.Deaths}."));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_subscription_gives_back_wakes_another_that_waits()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "handed on");
        var first = await SubscribeAsync(queue, prefetch: 1);
        await ReceiveAsync(first);
        await using var second = await SubscribeAsync(queue, prefetch: 1);
        var waiting = ReceiveAsync(second);
        Assert.False(waiting.IsCompleted);
        await first.DisposeAsync();
        Assert.Equal("handed on", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task Cancelling_and_disposing_a_subscription_twice_does_nothing_more()
    {
        var queue = await DeclareQueueAsync();
        var subscription = await SubscribeAsync(queue);
        await subscription.CancelAsync(Cancelled);
        await subscription.CancelAsync(Cancelled);
        await subscription.DisposeAsync();
        await subscription.DisposeAsync();
        await PublishAsync(queue, "still working");
        Assert.Equal(["still working"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Subscriptions_that_stop_under_load_lose_nothing()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(100));
        var done = new List<string>();
        while (done.Count < 100)
        {
            await using var subscription = await SubscribeAsync(queue, prefetch: 20);
            done.AddRange(await DrainAsync(subscription, Math.Min(7, 100 - done.Count)));
        }
        Assert.Equal(Numbered(100), Harness.ReturnsInOrder ? done : done.OrderBy(int.Parse));
        await AssertEmptyAsync(queue);
    }
}
