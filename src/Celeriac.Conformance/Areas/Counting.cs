using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task The_count_of_a_queue_that_does_not_exist_is_null()
    {
        if (await CountsAreRefusedAsync())
        {
            return;
        }
        Assert.Null(await Transport.CountAsync(Harness.NameOf("absent"), Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_says_how_many_messages_are_ready()
    {
        if (await CountsAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        Assert.Equal(0, (await CountAsync(queue)).Ready);
        await PublishAsync(queue, "1", "2", "3");
        Assert.Equal(3, (await CountAsync(queue)).Ready);
        await DrainAsync(queue, 2);
        await AssertReadyAsync(1, queue);
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_of_ready_messages_leaves_out_those_handed_out()
    {
        if (await CountsAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "1", "2", "3");
        var held = Assert.IsType<Delivery>(await Transport.GetAsync(queue, Cancelled));
        var counts = await CountAsync(queue);
        Assert.Equal(2, counts.Ready);
        Assert.Equal(Unacknowledged(1), counts.Unacknowledged);
        await held.RequeueAsync(Cancelled);
        await AssertReadyAsync(3, queue);
        Assert.Equal(Unacknowledged(0), (await CountAsync(queue)).Unacknowledged);
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_of_ready_messages_leaves_out_those_that_wait_for_their_time()
    {
        if (await CountsAreRefusedAsync())
        {
            return;
        }
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "tomorrow", TimeSpan.FromDays(1));
        await PublishAsync(queue, "now");
        var counts = await CountAsync(queue);
        Assert.Equal(1, counts.Ready);
        Assert.Equal(Delayed(1), counts.Delayed);
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_says_how_many_consumers_a_queue_has()
    {
        if (await CountsAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        Assert.Equal(Consumers(0), (await CountAsync(queue)).Consumers);
        await using (await SubscribeAsync(queue))
        await using (await Harness.Open().SubscribeAsync(new SubscriptionOptions([queue]), Cancelled))
        {
            Assert.Equal(Consumers(2), (await CountAsync(queue)).Consumers);
        }
        Assert.Equal(Consumers(0), (await CountAsync(queue)).Consumers);
    }

    /// <summary>What a consumer gives back a server may count a moment later; a store in the process counts it at once.</summary>
    private async Task AssertReadyAsync(long ready, string queue)
    {
        if (Harness.Network is null)
        {
            Assert.Equal(ready, (await CountAsync(queue)).Ready);
            return;
        }
        await EventuallyAsync(async () => (await CountAsync(queue)).Ready == ready, $"queue '{queue}' has {ready} messages that are ready");
    }

    private async Task<QueueCounts> CountAsync(string queue) => Assert.IsType<QueueCounts>(await Transport.CountAsync(queue, Cancelled));

    /// <summary>Where counts are not claimed: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> CountsAreRefusedAsync()
    {
        if (Can.Counts)
        {
            return false;
        }
        var queue = await DeclareQueueAsync("refused");
        await AssertRefusedAsync(async () => await Transport.CountAsync(queue, Cancelled), "count", queue);
        return true;
    }

    // What a count must say where the transport claims to know it; else it must not pretend to.
    private long? Unacknowledged(long count) => Can.CountsUnacknowledged ? count : null;

    private long? Delayed(long count) => Can.SeesDelayed ? count : null;

    private long? Consumers(long count) => Can.CountsConsumers ? count : null;
}
