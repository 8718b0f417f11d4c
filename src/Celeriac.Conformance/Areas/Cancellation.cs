using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task A_cancelled_receive_ends_and_the_next_one_gets_the_message()
    {
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        using var cancel = new CancellationTokenSource();
        var waiting = subscription.ReceiveAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Harness.Patience, Cancelled));
        await PublishAsync(queue, "next");
        Assert.Equal("next", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_with_a_token_that_is_already_cancelled_takes_nothing()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "kept");
        await using var subscription = await SubscribeAsync(queue);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => subscription.ReceiveAsync(new CancellationToken(true)).AsTask());
        Assert.Equal("kept", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task Receives_cancelled_at_any_moment_lose_no_delivery()
    {
        const int messages = 200;
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue, prefetch: 5);
        var publishing = Task.Run(async () =>
        {
            foreach (var body in Numbered(messages))
            {
                await PublishAsync(queue, body);
            }
        });
        var received = new List<string>();
        for (var round = 0; received.Count < messages; round++)
        {
            using var cancel = new CancellationTokenSource();
            // From cancelled before the call, over cancelled by another thread during it, to some milliseconds after it.
            cancel.CancelAfter(TimeSpan.FromMilliseconds(round % 4));
            try
            {
                var delivery = await subscription.ReceiveAsync(cancel.Token);
                Assert.NotNull(delivery);
                received.Add(TextOf(delivery));
                await delivery.AckAsync(Cancelled);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested && !Cancelled.IsCancellationRequested)
            {
            }
        }
        await publishing;
        Assert.Equal(Numbered(messages), received);
    }

    [Fact(Timeout = Limit)]
    public async Task A_publish_with_a_token_that_is_already_cancelled_publishes_nothing()
    {
        var queue = await DeclareQueueAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Transport.PublishAsync(Publication.ToQueue(queue, TextMessage("never")), new CancellationToken(true)).AsTask());
        await PublishAsync(queue, "after");
        Assert.Equal(["after"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_publish_cancelled_on_its_way_arrives_once_or_not_at_all()
    {
        var queue = await DeclareQueueAsync();
        var confirmed = new List<string>();
        foreach (var body in Numbered(100))
        {
            using var cancel = new CancellationTokenSource();
            var publishing = Transport.PublishAsync(Publication.ToQueue(queue, TextMessage(body)), cancel.Token).AsTask();
            await cancel.CancelAsync();
            if (await ConfirmedAsync(publishing))
            {
                confirmed.Add(body);
            }
        }
        await PublishAsync(queue, "end");
        var arrived = new List<string>();
        await using var subscription = await SubscribeAsync(queue);
        for (string[] next = await DrainAsync(subscription, 1); next is not ["end"]; next = await DrainAsync(subscription, 1))
        {
            arrived.AddRange(next);
        }
        Assert.Equal(arrived.Distinct(), arrived);
        Assert.Empty(confirmed.Except(arrived));
    }

    private static async Task<bool> ConfirmedAsync(Task call)
    {
        try
        {
            await call;
            return true;
        }
        catch (Exception failure) when (failure is OperationCanceledException or PublishUnknownException)
        {
            return false;
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_completion_whose_call_was_cancelled_may_be_handed_in_again()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "1", "2");
        await using (var subscription = await SubscribeAsync(queue, prefetch: 1))
        {
            var delivery = await ReceiveAsync(subscription);
            var completion = new Completion(delivery, Settlement.Ack);
            // The token ends the wait, not the completion: a transport that is quick may answer all the same.
            await ConfirmedAsync(Transport.CompleteAsync(completion, new CancellationToken(true)).AsTask());
            Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
        }
        Assert.Equal(["2"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_get_with_a_token_that_is_already_cancelled_takes_nothing()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "kept");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Transport.GetAsync(queue, new CancellationToken(true)).AsTask());
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_subscribe_with_a_token_that_is_already_cancelled_leaves_no_consumer()
    {
        var queue = await DeclareQueueAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Transport.SubscribeAsync(new SubscriptionOptions([queue]), new CancellationToken(true)).AsTask());
        if (Can is { Counts: true, CountsConsumers: true })
        {
            Assert.Equal(0, (await CountAsync(queue)).Consumers);
        }
        await PublishAsync(queue, "kept");
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }
}
