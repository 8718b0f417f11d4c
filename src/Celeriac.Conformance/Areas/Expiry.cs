using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    /// <summary>Where queues do not expire: asserts that the refusal says so, and answers true.</summary>
    private async Task<bool> QueueExpiryIsRefusedAsync()
    {
        if (Can.QueueExpiry)
        {
            return false;
        }
        await AssertRefusedAsync(
            async () => await DeclareQueueAsync("refused", queue => queue with { Expires = Short }), "expir", Harness.NameOf("refused"));
        return true;
    }

    /// <summary>Where messages do not expire: asserts that the refusals say so, and answers true.</summary>
    private async Task<bool> ExpiryIsRefusedAsync()
    {
        if (Can.MessageExpiry)
        {
            return false;
        }
        var refused = Harness.NameOf("refused");
        await AssertRefusedAsync(async () => await DeclareQueueAsync("refused", queue => queue with { MessageTimeToLive = Short }), "expir", refused);
        await DeclareQueueAsync("refused");
        await AssertRefusedAsync(async () => await PublishExpiringAsync(refused, "refused", Short), "expir", refused);
        return true;
    }

    /// <summary>Whether a queue is there, asked in a way that is no use of it.</summary>
    private async Task<bool> ExistsAsync(string queue)
    {
        if (Can.Counts)
        {
            return await Transport.CountAsync(queue, Cancelled) is not null;
        }
        return await Record.ExceptionAsync(() => PublishAsync(queue, "still there?")) is not UnroutableException;
    }

    private async Task PublishExpiringAsync(string queue, string body, TimeSpan? expiration) =>
        await Transport.PublishAsync(Publication.ToQueue(queue, TextMessage(body) with { Expiration = expiration }), Cancelled);

    /// <summary>
    /// Lets a time pass that the transport itself tells: a message delayed by it arrives. So no fact sleeps, and a fact's wait ends with the transport's clock.
    /// </summary>
    private async Task PassAsync(TimeSpan time)
    {
        if (!Can.Delay)
        {
            // Nothing but this process's clock tells the time to a transport without delays.
            await Task.Delay(time, Cancelled);
            return;
        }
        var clock = await DeclareQueueAsync("clock");
        await PublishLaterAsync(clock, "it is time", time);
        await DrainAsync(clock, 1);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_outlives_its_queue_s_time_to_live_is_not_delivered()
    {
        if (await ExpiryIsRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MessageTimeToLive = Short });
        await PublishAsync(queue, "expired");
        await PassAsync(Short * 2);
        await PublishAsync(queue, "fresh");
        Assert.Equal(["fresh"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_that_outlives_its_own_expiration_is_not_delivered()
    {
        if (await ExpiryIsRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishExpiringAsync(queue, "expired", Short);
        await PublishExpiringAsync(queue, "long", TimeSpan.FromHours(1));
        await PublishExpiringAsync(queue, "for ever", null);
        await PassAsync(Short * 2);
        Assert.Equal(["long", "for ever"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task The_shorter_of_the_queue_s_and_the_message_s_time_counts()
    {
        if (await ExpiryIsRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync(shape: queue => queue with { MessageTimeToLive = TimeSpan.FromHours(1) });
        await PublishExpiringAsync(queue, "expired", Short);
        await PublishExpiringAsync(queue, "kept", TimeSpan.FromHours(2));
        await PassAsync(Short * 2);
        Assert.Equal(["kept"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_received_in_time_may_be_settled_after_its_time()
    {
        if (await ExpiryIsRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishExpiringAsync(queue, "in time", Short);
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        await PassAsync(Short * 2);
        Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task An_expired_message_goes_to_the_dead_letter_exchange_while_a_consumer_of_it_waits()
    {
        if (await ExpiryIsRefusedAsync() || await DeadLettersAreRefusedAsync())
        {
            return;
        }
        var dead = await DeclareQueueAsync("dead");
        var queue = await DeclareQueueAsync(shape: queue => queue with { MessageTimeToLive = Short, DeadLetterExchange = "", DeadLetterRoutingKey = dead });
        await using var subscription = await SubscribeQuicklyAsync(dead);
        await PublishAsync(queue, "expired");
        Assert.Equal(["expired"], await DrainAsync(subscription, 1));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_that_nobody_uses_for_its_time_is_deleted()
    {
        if (await QueueExpiryIsRefusedAsync())
        {
            return;
        }
        // Connections with a short lease look after the place more often, which spares the fact some seconds.
        var other = Harness.Open(QuickUrl);
        await other.ConnectAsync(Cancelled);
        var queue = await DeclareQueueAsync(shape: queue => queue with { Expires = Short });
        await PublishAsync(queue, "goes with it");
        // To count a queue is a use of it on some brokers; to publish to it is none. RabbitMQ looks for unused quorum queues every 5 s, and a publish that
        // meets the deletion costs its connection (541): one that had declared the queue would declare it again, and it would live for another 5 s.
        await EventuallyAsync(async () => await Record.ExceptionAsync(() => other.PublishAsync(Publication.ToQueue(queue, TextMessage("goes with it, too")), Cancelled).AsTask()) is UnroutableException, "the unused queue is deleted");
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_that_is_consumed_is_not_deleted_by_anybody()
    {
        if (await QueueExpiryIsRefusedAsync())
        {
            return;
        }
        // Another connection looks for unused queues too.
        await Harness.Open(QuickUrl).ConnectAsync(Cancelled);
        var queue = await DeclareQueueAsync(shape: queue => queue with { Expires = TimeSpan.FromSeconds(1) });
        await using var subscription = await SubscribeAsync(queue);
        await PassAsync(TimeSpan.FromSeconds(3));
        await PublishAsync(queue, "still here");
        Assert.Equal(["still here"], await DrainAsync(subscription, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task Declaring_a_queue_again_counts_as_use()
    {
        if (await QueueExpiryIsRefusedAsync())
        {
            return;
        }
        await Harness.Open(QuickUrl).ConnectAsync(Cancelled);
        for (var round = 0; round < 3; round++)
        {
            await DeclareQueueAsync(shape: queue => queue with { Expires = TimeSpan.FromSeconds(2) });
            await PublishAsync(Harness.NameOf("queue"), $"{round}");
            await PassAsync(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(["0", "1", "2"], await DrainAsync(Harness.NameOf("queue"), 3));
    }
}
