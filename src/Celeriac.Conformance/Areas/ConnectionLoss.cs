using Celeriac.Messaging;

namespace Celeriac.Conformance;

// What a consumer sees of a network that fails.
public abstract partial class TransportConformance
{
    /// <summary>How long a fact of many rounds may take.</summary>
    private const int LongLimit = 4 * Limit;

    /// <summary>The network to the server; null where the transport is inside the process and has none to lose.</summary>
    private TcpProxy? Network()
    {
        Assert.True(
            Harness.Network is not null || BrokerUrl.Parse(Harness.Url).IsEmbedded,
            "A server's harness must name the Network before its connections, so that the facts about lost connections can run.");
        return Harness.Network;
    }

    /// <summary>A connection that comes back quickly where a server refuses it.</summary>
    private ITransport OpenQuick(params string[] options) => Harness.Open(Harness.UrlWith([.. options, "reconnect_delay=20ms", "reconnect_delay_max=100ms"]));

    [Fact(Timeout = Limit)]
    public async Task A_subscription_goes_on_after_its_connection_was_cut()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        await PublishAsync(queue, "before");
        Assert.Equal(["before"], await DrainAsync(subscription, 1));
        await network.CutAsync();
        await PublishAsync(queue, "after");
        Assert.Contains("after", await DrainUntilAsync(subscription, "after"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_receive_that_waits_through_a_cut_gets_the_next_message()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var waiting = ReceiveAsync(subscription);
        await network.CutAsync();
        await PublishAsync(queue, "after");
        Assert.Equal("after", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_held_over_a_cut_stays_with_its_lease_or_comes_back_as_redelivered_and_is_settled_once()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "held");
        await using var subscription = await SubscribeAsync(queue);
        var old = await ReceiveAsync(subscription);
        await network.CutAsync();
        if (Transport.Capabilities.FencedLeases)
        {
            // A lease belongs to its holder, who lives, and not to the connection: nothing comes twice.
            Assert.Equal(CompletionStatus.Applied, await old.AckAsync(Cancelled));
            await AssertNothingArrivesAsync(subscription);
            return;
        }
        var back = await ReceiveAsync(subscription);
        Assert.Equal(("held", true), (TextOf(back), back.Redelivered));
        Assert.Equal(CompletionStatus.Lost, await old.AckAsync(Cancelled));
        Assert.Equal(CompletionStatus.Applied, await back.RequeueAsync(Cancelled));
        Assert.Equal(["held"], await DrainAsync(subscription, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_completion_of_a_delivery_from_before_a_cut_is_lost_or_applied_and_may_be_handed_in_again()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "held");
        await using var subscription = await SubscribeAsync(queue);
        var completion = new Completion(await ReceiveAsync(subscription), Settlement.Ack);
        await network.CutAsync();
        if (Transport.Capabilities.FencedLeases)
        {
            Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
            Assert.Equal(CompletionStatus.Applied, await Transport.CompleteAsync(completion, Cancelled));
            return;
        }
        await ReceiveAsync(subscription);
        Assert.Equal(CompletionStatus.Lost, await Transport.CompleteAsync(completion, Cancelled));
        Assert.Equal(CompletionStatus.Lost, await Transport.CompleteAsync(completion, Cancelled));
    }

    [Fact(Timeout = LongLimit)]
    public async Task A_consumer_whose_connection_is_cut_again_and_again_receives_every_message()
    {
        if (Network() is not { } network)
        {
            return;
        }
        const int messages = 60;
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(messages));
        await using var subscription = await SubscribeAsync(queue, prefetch: 5);
        var done = new HashSet<string>();
        while (done.Count < messages)
        {
            var delivery = await ReceiveAsync(subscription);
            var cut = delivery.Redelivered ? Task.CompletedTask : network.CutAsync();
            // Applied may be said of an acknowledgement that the cut swallowed: then the message comes again, which is allowed.
            if (await StatusOrNullAsync(delivery.AckAsync(Cancelled)) == CompletionStatus.Applied)
            {
                done.Add(TextOf(delivery));
            }
            await cut;
        }
        Assert.Equal(Numbered(messages).Order(), done.Order());
    }

    [Fact(Timeout = LongLimit)]
    public async Task A_completion_that_a_cut_meets_never_settles_without_its_follow_up()
    {
        if (Network() is not { } network)
        {
            return;
        }
        const int messages = 20;
        var (queue, next) = (await DeclareQueueAsync(), await DeclareQueueAsync("next"));
        await PublishAsync(queue, Numbered(messages));
        await using var subscription = await SubscribeAsync(queue, prefetch: 1);
        await using var followUps = await SubscribeAsync(next, prefetch: 10 * messages);
        var followed = new HashSet<string>();
        var following = FollowAsync(followUps, followed, messages);
        while (!following.IsCompleted)
        {
            // A completion whose answer was lost with the connection may have been applied: its message does not come back then.
            var receiving = ReceiveAsync(subscription);
            if (await Task.WhenAny(receiving, following) == following)
            {
                break;
            }
            var delivery = await receiving;
            // A delivery may come before the rest is restored; a cut at that moment is a failed attempt to connect, which costs more patience each time.
            await EventuallyAsync(() => Task.FromResult(Transport.Health.State == ConnectionState.Connected), "the transport is connected");
            var completion = new Completion(delivery, Settlement.Ack) { FollowUps = [FollowUp(next, TextOf(delivery))] };
            var completing = StatusOrNullAsync(Transport.CompleteAsync(completion, Cancelled));
            if (!delivery.Redelivered)
            {
                await network.CutAsync();
            }
            await completing;
        }
        await following;
        Assert.Equal(Numbered(messages).Order(), followed.Order());
    }

    /// <summary>Receives follow-ups until each has come.</summary>
    private async Task FollowAsync(ISubscription followUps, HashSet<string> followed, int messages)
    {
        while (followed.Count < messages)
        {
            var delivery = await ReceiveAsync(followUps);
            followed.Add(TextOf(delivery));
            await StatusOrNullAsync(delivery.AckAsync(Cancelled));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Several_subscriptions_and_their_prefetch_survive_a_cut()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var (one, two, replies) = (await DeclareQueueAsync("one"), await DeclareQueueAsync("two"), await DeclareQueueAsync("replies", queue => queue with { Durable = false }));
        await using var first = await SubscribeAsync(one, prefetch: 1);
        await using var both = await Transport.SubscribeAsync(new SubscriptionOptions([two, replies], Prefetch: 10), Cancelled);
        await network.CutAsync();
        await PublishAsync(one, "1", "2");
        await PublishAsync(two, "request");
        await PublishAsync(replies, "reply");
        Assert.Equal(["reply", "request"], (await DrainUntilAsync(both, "reply", "request")).Order());
        var held = await ReceiveAsync(first);
        await AssertNothingArrivesAsync(first);
        await held.AckAsync(Cancelled);
        Assert.Contains("2", await DrainUntilAsync(first, "2"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_black_hole_is_found_by_the_heartbeat_and_left_when_the_network_is_back()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var transport = OpenQuick("heartbeat=1s");
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        network.BlackHole();
        await EventuallyAsync(() => Task.FromResult(transport.Health.State == ConnectionState.Reconnecting), "the transport finds the silence");
        Assert.NotNull(transport.Health.LastError);
        network.Restore();
        await PublishAsync(queue, "after");
        Assert.Equal("after", TextOf(await ReceiveAsync(subscription)));
    }

    /// <summary>Acknowledges what arrives until each text has come, and answers what has come, each once: after a lost connection a message may come twice.</summary>
    private async Task<string[]> DrainUntilAsync(ISubscription subscription, params string[] texts)
    {
        var seen = new HashSet<string>();
        while (!seen.IsSupersetOf(texts))
        {
            var delivery = await ReceiveAsync(subscription);
            seen.Add(TextOf(delivery));
            await delivery.AckAsync(Cancelled);
        }
        return [.. seen];
    }

    private static async Task<CompletionStatus?> StatusOrNullAsync(ValueTask<CompletionStatus> completing)
    {
        try
        {
            return await completing;
        }
        catch (TransportException error) when (error is not TransportRefusedException)
        {
            return null;
        }
    }
}
