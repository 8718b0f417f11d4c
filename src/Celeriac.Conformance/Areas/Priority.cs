using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    private byte HighestPriority => Math.Min(Can.MaxPriority, (byte)9);

    /// <summary>Where priorities are not claimed: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> PrioritiesAreRefusedAsync()
    {
        if (Can.MaxPriority > 0)
        {
            return false;
        }
        await AssertRefusedAsync(async () => await DeclareQueueAsync("refused", queue => queue with { MaxPriority = 1 }), "priorit", Harness.NameOf("refused"));
        return true;
    }

    private async Task PublishWithPriorityAsync(string queue, params (byte? Priority, string Body)[] messages) =>
        await Transport.PublishAsync(
            messages.Select(message => Publication.ToQueue(queue, TextMessage(message.Body) with { Priority = message.Priority })).ToArray(), Cancelled);

    [Fact(Timeout = Limit)]
    public async Task Higher_priorities_come_first()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (0, "low"), (HighestPriority, "high"), (1, "middle"));
        Assert.Equal(["high", "middle", "low"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task Equal_priorities_keep_their_order()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (1, "b1"), (2, "a1"), (1, "b2"), (2, "a2"), (1, "b3"));
        Assert.Equal(["a1", "a2", "b1", "b2", "b3"], await DrainAsync(queue, 5));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_without_a_priority_counts_as_the_lowest()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (null, "none"), (1, "one"), (0, "zero"));
        Assert.Equal(["one", "none", "zero"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task A_priority_above_the_queue_s_maximum_counts_as_the_maximum()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = 2 });
        await PublishWithPriorityAsync(queue, (2, "first"), (255, "second"), (2, "third"));
        Assert.Equal(["first", "second", "third"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_without_a_maximum_priority_keeps_the_order_of_publishing()
    {
        var queue = await DeclareQueueAsync();
        await PublishWithPriorityAsync(queue, (0, "1"), (9, "2"), (5, "3"));
        Assert.Equal(["1", "2", "3"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_requeued_keeps_its_priority()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (0, "low"), (HighestPriority, "high"));
        await using (var subscription = await SubscribeAsync(queue, prefetch: 1))
        {
            await (await ReceiveAsync(subscription)).RequeueAsync(Cancelled);
        }
        Assert.Equal(["high", "low"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task A_maximum_priority_beyond_the_claimed_one_is_refused_and_the_claimed_one_is_accepted()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        await DeclareQueueAsync("accepted", queue => queue with { MaxPriority = Can.MaxPriority });
        if (Can.MaxPriority < byte.MaxValue)
        {
            var beyond = (byte)(Can.MaxPriority + 1);
            await AssertRefusedAsync(async () => await DeclareQueueAsync("refused", queue => queue with { MaxPriority = beyond }), "priority", $"{beyond}");
        }
    }
}
