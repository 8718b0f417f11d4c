using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>A connection whose observations of others are as quick as a short lease allows.</summary>
    private string QuickUrl => Can.FencedLeases ? Harness.ShortLeaseUrl : Harness.Url;

    private async Task<ISubscription> SubscribeQuicklyAsync(string queue, int prefetch = 1) =>
        await Harness.Open(QuickUrl).SubscribeAsync(new SubscriptionOptions([queue], prefetch), Cancelled);

    /// <summary>Fails unless the message came back from a holder that died; a transport that cannot count deaths says null.</summary>
    private void AssertCameBackFromTheDead(Delivery delivery)
    {
        Assert.True(delivery.Redelivered);
        Assert.Equal(Can.FencedLeases ? 1 : null, delivery.Deaths);
    }

    [Fact(Timeout = Limit)]
    public async Task A_neighbour_with_a_shorter_lease_takes_nothing_from_a_live_holder()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "held");
        await using var holder = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(holder);
        await using var neighbour = await SubscribeQuicklyAsync(queue);
        var waiting = ReceiveAsync(neighbour);
        // Nothing tells that nobody interferes but time: more than twice the neighbour's lease, a quarter of the usual one.
        await Assert.ThrowsAsync<TimeoutException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(2.4), Cancelled));
        await holder.CancelAsync(Cancelled);
        Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
        await PublishAsync(queue, "end");
        Assert.Equal("end", TextOf(await waiting));
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_process_held_comes_back()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "1", "2");
        var peer = await Harness.StartPeerAsync(QuickUrl);
        await peer.AskAsync($"hold {queue} 2", "held");
        await peer.WaitForAsync("held");
        await using var subscription = await SubscribeQuicklyAsync(queue, prefetch: 2);
        await peer.KillAsync();
        var back = await HoldAsync(subscription, 2);
        Assert.Equal(["1", "2"], back.Select(TextOf).Order());
        Assert.All(back, AssertCameBackFromTheDead);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_process_held_that_ended_in_order_comes_back_at_once_and_with_no_death()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "given back");
        var peer = await Harness.StartPeerAsync();
        await peer.AskAsync($"hold {queue} 1", "held");
        await using var subscription = await SubscribeAsync(queue);
        await peer.ExitAsync();
        var back = await ReceiveAsync(subscription);
        Assert.Equal("given back", TextOf(back));
        Assert.True(back.Deaths is null or 0, $"Deaths is {back.Deaths}.");
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_process_had_acknowledged_does_not_come_back_and_all_the_rest_does()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        const int messages = 200;
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(messages));
        var peer = await Harness.StartPeerAsync(QuickUrl);
        await peer.SendAsync($"work {queue}");
        var got = new List<string>();
        while (got.Count < 30)
        {
            got.Add(await peer.WaitForAsync("got"));
        }
        got.AddRange((await peer.KillAsync()).Where(line => line.StartsWith("got ", StringComparison.Ordinal)).Select(line => line[4..]));

        await using var subscription = await SubscribeQuicklyAsync(queue, prefetch: 20);
        // The kill may have struck between an acknowledgement and the line that tells of it.
        var rest = await DrainAsync(subscription, messages - got.Count - 1);
        Assert.Empty(got.Intersect(rest));
        Assert.Equal(rest.Distinct(), rest);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_killed_process_had_confirmed_as_published_is_there()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var peer = await Harness.StartPeerAsync();
        await peer.SendAsync($"publish {queue} 100000 p");
        var confirmed = new List<string>();
        while (confirmed.Count < 30)
        {
            confirmed.Add(await peer.WaitForAsync("confirmed"));
        }
        confirmed.AddRange((await peer.KillAsync()).Where(line => line.StartsWith("confirmed ", StringComparison.Ordinal)).Select(line => line[10..]));
        Assert.Equal(confirmed, await DrainAsync(queue, confirmed.Count));
    }

    [Fact(Timeout = Limit)]
    public async Task A_process_frozen_past_its_lease_loses_what_it_held_and_its_late_acknowledgement_is_refused()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "contested");
        var peer = await Harness.StartPeerAsync(QuickUrl);
        await peer.AskAsync($"hold {queue} 1", "held");
        await peer.FreezeAsync(Transport);
        if (!Can.FencedLeases)
        {
            // Without leases of ours the broker decides how long it waits for a silent consumer: a blink costs nothing.
            await peer.ThawAsync();
            await peer.AskAsync("ack", "Applied");
            return;
        }
        await using var subscription = await SubscribeQuicklyAsync(queue);
        var second = await ReceiveAsync(subscription);
        Assert.Equal("contested", TextOf(second));
        AssertCameBackFromTheDead(second);
        await peer.ThawAsync();
        await peer.AskAsync("ack", "Lost");
        Assert.Equal(CompletionStatus.Applied, await second.AckAsync(Cancelled));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_process_that_lost_its_lease_goes_on_working()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "contested");
        var peer = await Harness.StartPeerAsync(QuickUrl);
        await peer.AskAsync($"hold {queue} 1", "held");
        await peer.FreezeAsync(Transport);
        if (Can.FencedLeases)
        {
            await using var subscription = await SubscribeQuicklyAsync(queue);
            await DrainAsync(subscription, 1);
        }
        await peer.ThawAsync();
        await peer.AskAsync("ack", Can.FencedLeases ? "Lost" : "Applied");
        // A broker that pushes would hand it to the subscription with which the peer holds, too.
        var next = Can.FencedLeases ? queue : await DeclareQueueAsync("next");
        await PublishAsync(next, "next");
        Assert.Equal("next", await peer.AskAsync($"consume {next} 1", "got"));
    }
}
