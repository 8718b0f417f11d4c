using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task The_count_of_a_queue_that_does_not_exist_is_null() =>
        Assert.Null(await Transport.CountAsync(Harness.NameOf("absent"), Cancelled));

    [Fact(Timeout = Limit)]
    public async Task The_count_says_how_many_messages_are_ready()
    {
        var queue = await DeclareQueueAsync();
        Assert.Equal(0, (await CountAsync(queue)).Ready);
        await PublishAsync(queue, "1", "2", "3");
        Assert.Equal(3, (await CountAsync(queue)).Ready);
        await DrainAsync(queue, 2);
        Assert.Equal(1, (await CountAsync(queue)).Ready);
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_of_ready_messages_leaves_out_those_handed_out()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "1", "2", "3");
        var held = Assert.IsType<Delivery>(await Transport.GetAsync(queue, Cancelled));
        var counts = await CountAsync(queue);
        Assert.Equal(2, counts.Ready);
        Assert.Equal(Detailed(1), counts.Unacknowledged);
        await held.RequeueAsync(Cancelled);
        counts = await CountAsync(queue);
        Assert.Equal(3, counts.Ready);
        Assert.Equal(Detailed(0), counts.Unacknowledged);
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_of_ready_messages_leaves_out_those_that_wait_for_their_time()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "tomorrow", TimeSpan.FromDays(1));
        await PublishAsync(queue, "now");
        var counts = await CountAsync(queue);
        Assert.Equal(1, counts.Ready);
        Assert.Equal(Detailed(1), counts.Delayed);
    }

    [Fact(Timeout = Limit)]
    public async Task The_count_says_how_many_consumers_a_queue_has()
    {
        var queue = await DeclareQueueAsync();
        Assert.Equal(Detailed(0), (await CountAsync(queue)).Consumers);
        await using (await SubscribeAsync(queue))
        await using (await Harness.Open().SubscribeAsync(new SubscriptionOptions([queue]), Cancelled))
        {
            Assert.Equal(Detailed(2), (await CountAsync(queue)).Consumers);
        }
        Assert.Equal(Detailed(0), (await CountAsync(queue)).Consumers);
    }

    private async Task<QueueCounts> CountAsync(string queue) => Assert.IsType<QueueCounts>(await Transport.CountAsync(queue, Cancelled));

    /// <summary>What a count must say where the transport claims detailed counts; else it must not pretend to know.</summary>
    private long? Detailed(long count) => Can.DetailedCounts ? count : null;
}
