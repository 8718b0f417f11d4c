using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    private byte HighestPriority => Math.Min(Can.MaxPriority, (byte)9);

    /// <summary>Three priorities that a queue tells apart, the one that comes first at first. Kombu's Redis form has four steps, and 0 is the first.</summary>
    private (byte First, byte Second, byte Last) Ranks => Can.LowerPrioritiesFirst ? ((byte)0, (byte)3, (byte)9) : (HighestPriority, (byte)1, (byte)0);

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
    public async Task What_ranks_higher_comes_first()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (Ranks.Last, "low"), (Ranks.First, "high"), (Ranks.Second, "middle"));
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
        await PublishWithPriorityAsync(queue, (Ranks.Last, "b1"), (Ranks.Second, "a1"), (Ranks.Last, "b2"), (Ranks.Second, "a2"), (Ranks.Last, "b3"));
        Assert.Equal(["a1", "a2", "b1", "b2", "b3"], await DrainAsync(queue, 5));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_without_a_priority_has_priority_0()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (null, "none"), (Ranks.Second, "second"), (0, "zero"));
        Assert.Equal(Can.LowerPrioritiesFirst ? ["none", "zero", "second"] : ["second", "none", "zero"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task A_priority_above_the_queue_s_maximum_counts_as_the_maximum()
    {
        if (Can.LowerPrioritiesFirst)
        {
            // No queue has a maximum of its own there: 9 is everybody's.
            var any = await DeclareQueueAsync();
            await PublishWithPriorityAsync(any, (9, "first"), (255, "second"), (9, "third"));
            Assert.Equal(["first", "second", "third"], await DrainAsync(any, 3));
            return;
        }
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = 2 });
        await PublishWithPriorityAsync(queue, (2, "first"), (255, "second"), (2, "third"));
        Assert.Equal(["first", "second", "third"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_without_a_maximum_priority_keeps_the_order_of_publishing_unless_every_queue_has_priorities()
    {
        var queue = await DeclareQueueAsync();
        await PublishWithPriorityAsync(queue, (0, "1"), (9, "2"), (5, "3"));
        Assert.Equal(Can.LowerPrioritiesFirst ? ["1", "3", "2"] : ["1", "2", "3"], await DrainAsync(queue, 3));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_requeued_keeps_its_priority()
    {
        if (await PrioritiesAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MaxPriority = HighestPriority });
        await PublishWithPriorityAsync(queue, (Ranks.Last, "low"), (Ranks.First, "high"));
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
