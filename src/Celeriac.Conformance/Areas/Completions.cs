using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    private async Task<(string Queue, ISubscription Subscription, Delivery Delivery)> ReceiveOneAsync(string body = "work")
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, body);
        var subscription = await SubscribeAsync(queue, prefetch: 1);
        return (queue, subscription, await ReceiveAsync(subscription));
    }

    private static Publication FollowUp(string queue, string body = "follow-up") => Publication.ToQueue(queue, TextMessage(body));

    [Fact(Timeout = Limit)]
    public async Task A_completion_publishes_its_follow_ups_in_their_order_and_settles()
    {
        var next = await DeclareQueueAsync("next");
        var (queue, subscription, delivery) = await ReceiveOneAsync();
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(next, "1"), FollowUp(next, "2")] };
        Assert.Equal(CompletionStatus.Applied, await delivery.CompleteAsync(completion, Cancelled));
        Assert.Equal(["1", "2"], await DrainAsync(next, 2));
        await subscription.DisposeAsync();
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_follow_up_wakes_a_consumer_that_waits()
    {
        var next = await DeclareQueueAsync("next");
        await using var waiter = await SubscribeAsync(next);
        var waiting = ReceiveAsync(waiter);
        var (_, _, delivery) = await ReceiveOneAsync();
        await delivery.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(next)] }, Cancelled);
        Assert.Equal("follow-up", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task A_follow_up_to_the_same_queue_is_a_new_message()
    {
        var (queue, subscription, delivery) = await ReceiveOneAsync("attempt 1");
        await delivery.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(queue, "attempt 2")] }, Cancelled);
        var next = await ReceiveAsync(subscription);
        Assert.Equal("attempt 2", TextOf(next));
        Assert.False(next.Redelivered);
    }

    [Fact(Timeout = Limit)]
    public async Task A_follow_up_may_be_delayed()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var (queue, subscription, delivery) = await ReceiveOneAsync("attempt 1");
        var retry = FollowUp(queue, "attempt 2") with { Due = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(400) };
        await delivery.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [retry] }, Cancelled);
        await AssertEmptyAsync(queue);
        Assert.Equal("attempt 2", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task Follow_ups_go_with_every_settlement()
    {
        var next = await DeclareQueueAsync("next");
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "rejected", "requeued");
        await using var subscription = await SubscribeAsync(queue, prefetch: 2);
        var held = await HoldAsync(subscription, 2);
        await Transport.CompleteAsync(
            [
                new(held[0], Settlement.Reject) { FollowUps = [FollowUp(next, "of rejected")] },
                new(held[1], Settlement.Requeue) { FollowUps = [FollowUp(next, "of requeued")] },
            ],
            Cancelled);
        Assert.Equal(["of rejected", "of requeued"], await DrainAsync(next, 2));
        Assert.Equal("requeued", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_completion_whose_follow_up_reaches_no_queue_settles_nothing_and_may_be_handed_in_again()
    {
        var (queue, subscription, delivery) = await ReceiveOneAsync();
        var next = Harness.NameOf("next");
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(next)] };
        var failure = await Assert.ThrowsAnyAsync<TransportException>(() => Transport.CompleteAsync(completion, Cancelled).AsTask());
        Assert.Contains(next, failure.Message, StringComparison.Ordinal);
        await DeclareQueueAsync("next");
        Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
        Assert.Equal(["follow-up"], await DrainAsync(next, 1));
        await subscription.DisposeAsync();
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_delivery_whose_completion_failed_comes_back_when_its_subscription_is_disposed()
    {
        var (queue, subscription, delivery) = await ReceiveOneAsync();
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(Harness.NameOf("absent"))] };
        await Assert.ThrowsAnyAsync<TransportException>(() => Transport.CompleteAsync(completion, Cancelled).AsTask());
        await subscription.DisposeAsync();
        Assert.Equal(["work"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Of_a_completion_that_fails_nothing_is_visible()
    {
        var next = await DeclareQueueAsync("next");
        var (_, _, delivery) = await ReceiveOneAsync();
        var completion = new Completion(delivery, Settlement.Ack)
        {
            FollowUps = [FollowUp(next), FollowUp(Harness.NameOf("absent"))],
            Document = Can.Documents ? new Document(Harness.NameOf("result"), "5"u8.ToArray()) : null,
        };
        await Assert.ThrowsAnyAsync<TransportException>(() => Transport.CompleteAsync(completion, Cancelled).AsTask());
        await AssertNothingOfItIsVisibleAsync(next);
    }

    [Fact(Timeout = Limit)]
    public async Task Of_a_completion_that_is_lost_nothing_is_visible()
    {
        var next = await DeclareQueueAsync("next");
        var (queue, subscription, delivery) = await ReceiveOneAsync();
        await subscription.DisposeAsync();
        var completion = new Completion(delivery, Settlement.Ack)
        {
            FollowUps = [FollowUp(next)],
            Document = Can.Documents ? new Document(Harness.NameOf("result"), "5"u8.ToArray()) : null,
        };
        Assert.Equal(CompletionStatus.Lost, await Transport.CompleteAsync(completion, Cancelled));
        await AssertNothingOfItIsVisibleAsync(next);
        Assert.Equal(["work"], await DrainAsync(queue, 1));
    }

    /// <summary>A transport without atomic completion may have published follow-ups before it found out; a document it never has.</summary>
    private async Task AssertNothingOfItIsVisibleAsync(string followUps)
    {
        if (Can.AtomicCompletion)
        {
            await AssertEmptyAsync(followUps);
        }
        if (Transport.Documents is { } documents)
        {
            Assert.Empty(await documents.ReadAsync([Harness.NameOf("result")], Cancelled));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task The_same_completion_handed_in_again_after_it_was_applied_does_no_harm()
    {
        var next = await DeclareQueueAsync("next");
        var (queue, _, delivery) = await ReceiveOneAsync();
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(next)] };
        Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
        await Transport.CompleteAsync(completion, Cancelled);
        Assert.Equal(["follow-up"], await DrainAsync(next, 1));
        await AssertEmptyAsync(queue);
        if (Can.AtomicCompletion)
        {
            await AssertEmptyAsync(next);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_completion_writes_its_document_together_with_its_follow_ups_and_settlement()
    {
        var next = await DeclareQueueAsync("next");
        var (_, _, delivery) = await ReceiveOneAsync();
        var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(next)], Document = new Document(Harness.NameOf("result"), "5"u8.ToArray()) };
        if (Transport.Documents is not { } documents)
        {
            await AssertRefusedAsync(async () => await Transport.CompleteAsync(completion, Cancelled), "document");
            return;
        }
        Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
        var result = Assert.Single(await documents.ReadAsync([Harness.NameOf("result")], Cancelled));
        Assert.Equal("5"u8, result.Content.Span);
        Assert.Equal(["follow-up"], await DrainAsync(next, 1));
    }
}
