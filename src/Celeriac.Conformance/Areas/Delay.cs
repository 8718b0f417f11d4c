using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where delays are not claimed: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> DelaysAreRefusedAsync()
    {
        if (Can.Delay)
        {
            return false;
        }
        var queue = await DeclareQueueAsync("refused");
        await AssertRefusedAsync(async () => await PublishLaterAsync(queue, "late", TimeSpan.FromSeconds(1)), "delay", queue);
        return true;
    }

    [Fact(Timeout = Limit)]
    public async Task A_delayed_message_arrives_at_its_time_and_wakes_a_consumer_that_waits()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = ReceiveAsync(subscription);
        var due = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(600);
        await Transport.PublishAsync(Publication.ToQueue(queue, TextMessage("later")) with { Due = due }, Cancelled);
        Assert.Equal("later", TextOf(await waiting));
        Assert.InRange(TimeProvider.System.GetUtcNow(), due, due + TimeSpan.FromSeconds(30));
    }

    [Fact(Timeout = Limit)]
    public async Task A_delayed_message_does_not_hold_back_those_behind_it()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "later", TimeSpan.FromMilliseconds(700));
        await PublishAsync(queue, "now");
        Assert.Equal(["now", "later"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task Delayed_messages_arrive_in_the_order_of_their_times()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        // A broker may round up to whole seconds: these two differ by one.
        await PublishLaterAsync(queue, "second", TimeSpan.FromMilliseconds(1300));
        await PublishLaterAsync(queue, "first", TimeSpan.FromMilliseconds(200));
        Assert.Equal(["first", "second"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task A_due_time_in_the_past_means_at_once()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "overdue", TimeSpan.FromDays(-1));
        await Transport.PublishAsync(Publication.ToQueue(queue, TextMessage("oldest")) with { Due = DateTimeOffset.MinValue }, Cancelled);
        Assert.Equal(["oldest", "overdue"], (await DrainAsync(queue, 2)).Order());
    }

    [Fact(Timeout = Limit)]
    public async Task A_delayed_message_cannot_be_taken_before_its_time()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "tomorrow", TimeSpan.FromDays(1));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_delayed_message_goes_through_its_exchange()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "key");
        var due = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(200);
        await Transport.PublishAsync(new Publication(TextMessage("later"), exchange, "key") { Due = due, Mandatory = true }, Cancelled);
        await using var subscription = await SubscribeAsync(queue);
        Assert.Equal("later", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_delayed_message_outlives_the_connection_that_published_it()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var publisher = Harness.Open();
        var due = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(300);
        await publisher.PublishAsync(Publication.ToQueue(queue, TextMessage("later")) with { Due = due }, Cancelled);
        await publisher.DisposeAsync();
        Assert.Equal(["later"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_mandatory_delayed_message_to_a_queue_that_does_not_exist_is_unroutable_at_once()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        await Assert.ThrowsAsync<UnroutableException>(() => PublishLaterAsync(Harness.NameOf("absent"), "lost", TimeSpan.FromDays(1)));
    }

    [Fact(Timeout = Limit)]
    public async Task Purging_drops_the_delayed_messages_that_the_transport_sees_and_leaves_the_others()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "delayed", TimeSpan.FromMilliseconds(1500));
        if (!Can.SeesDelayed)
        {
            Assert.Equal(0, await Transport.PurgeAsync(queue, Cancelled));
            Assert.Equal(["delayed"], await DrainAsync(queue, 1));
            return;
        }
        Assert.Equal(1, await Transport.PurgeAsync(queue, Cancelled));
        await PublishLaterAsync(queue, "kept", TimeSpan.FromMilliseconds(1600));
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task The_longest_delay_is_the_claimed_one()
    {
        if (await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        if (Can.LongestDelay is { } longest)
        {
            await AssertRefusedAsync(async () => await PublishLaterAsync(queue, "too late", longest + TimeSpan.FromDays(1)), "delay", queue);
            return;
        }
        await Transport.PublishAsync(Publication.ToQueue(queue, TextMessage("never")) with { Due = DateTimeOffset.MaxValue }, Cancelled);
        await AssertEmptyAsync(queue);
    }
}
