using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task No_more_than_the_prefetch_is_handed_out_unsettled()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(5));
        await using var subscription = await SubscribeAsync(queue, prefetch: 2);
        await HoldAsync(subscription, 2);
        await AssertNothingArrivesAsync(subscription);
    }

    [Theory(Timeout = Limit)]
    [InlineData(Settlement.Ack)]
    [InlineData(Settlement.Reject)]
    [InlineData(Settlement.Requeue)]
    public async Task A_settlement_makes_room_for_the_next_delivery(Settlement settlement)
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "1", "2");
        await using var subscription = await SubscribeAsync(queue, prefetch: 1);
        var first = await ReceiveAsync(subscription);
        var waiting = ReceiveAsync(subscription);
        Assert.False(waiting.IsCompleted);
        await first.CompleteAsync(new Completion(first, settlement), Cancelled);
        await waiting;
    }

    [Fact(Timeout = Limit)]
    public async Task What_one_consumer_s_prefetch_leaves_another_consumer_gets()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(4));
        await using var first = await SubscribeAsync(queue, prefetch: 1);
        var held = await ReceiveAsync(first);
        await using var second = await SubscribeAsync(queue, prefetch: 3);
        var rest = await HoldAsync(second, 3);
        Assert.Equal(Numbered(4), rest.Append(held).Select(TextOf).Order());
    }

    [Fact(Timeout = Limit)]
    public async Task A_prefetch_of_one_hundred_hands_out_one_hundred_unsettled()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(100));
        await using var subscription = await SubscribeAsync(queue, prefetch: 100);
        Assert.Equal(100, (await HoldAsync(subscription, 100)).Select(TextOf).Distinct().Count());
    }

    [Fact(Timeout = Limit)]
    public async Task The_prefetch_holds_over_all_queues_of_a_subscription()
    {
        string[] queues = [await DeclareQueueAsync("one"), await DeclareQueueAsync("two")];
        await PublishAsync(queues[0], "1", "2");
        await PublishAsync(queues[1], "3", "4");
        await using var subscription = await Transport.SubscribeAsync(new SubscriptionOptions(queues, Prefetch: 3), Cancelled);
        await HoldAsync(subscription, 3);
        await AssertNothingArrivesAsync(subscription);
    }

    [Theory(Timeout = Limit)]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_prefetch_below_one_is_refused(int prefetch)
    {
        var queue = await DeclareQueueAsync();
        var refusal = await Assert.ThrowsAnyAsync<ArgumentException>(() => SubscribeAsync(queue, prefetch));
        Assert.Contains("prefetch", refusal.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = Limit)]
    public async Task A_subscription_to_no_queue_is_refused() =>
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Transport.SubscribeAsync(new SubscriptionOptions([]), Cancelled));
}
