using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Receiving;

/// <summary>A consumer that stops while something is in work, on brokers that give everything back or nothing.</summary>
public abstract class StoppingFacts : StompTest
{
    protected abstract Task<string> UrlAsync();

    protected abstract TransportHarness NewHarness();

    [Fact(Timeout = Limit)]
    public async Task The_untaken_go_back_in_order_the_rest_is_settled_and_each_message_is_there_once()
    {
        var url = await UrlAsync();
        var (stopping, other) = (Open(url), Open(url));
        var queue = await DeclareAsync(stopping);
        for (var number = 0; number < 8; number++)
        {
            await SendAsync(other, queue, $"{number}");
        }
        var subscription = await SubscribeAsync(stopping, queue, prefetch: 5);
        var (done, back, refused) = (await ReceiveAsync(subscription), await ReceiveAsync(subscription), await ReceiveAsync(subscription));
        await subscription.CancelAsync(Cancelled);
        Assert.Equal(CompletionStatus.Applied, await done.AckAsync(Cancelled));
        Assert.Equal(CompletionStatus.Applied, await back.RequeueAsync(Cancelled));
        Assert.Equal(CompletionStatus.Applied, await refused.AckAsync(Cancelled));
        await subscription.DisposeAsync();
        var left = await ConsumedAsync(other, queue, 6);
        Assert.Equal(["1", "3", "4", "5", "6", "7"], left.Order(StringComparer.Ordinal));
        Assert.Equal(["3", "4"], left.Where(text => text is "3" or "4"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_consumer_that_ends_while_a_message_goes_back_leaves_it_there_once()
    {
        var url = await UrlAsync();
        await using var network = TcpProxy.Start("127.0.0.1", BrokerUrl.Parse(url).Port!.Value);
        var (stopping, other) = (Open(network.Through(url)), Open(url));
        var queue = await DeclareAsync(other);
        await SendAsync(other, queue, "x");
        var subscription = await SubscribeAsync(stopping, queue, prefetch: 1);
        var held = await ReceiveAsync(subscription);
        await subscription.CancelAsync(Cancelled);
        network.BlackHole(TrafficDirection.ToClient);
        var goingBack = held.RequeueAsync(Cancelled).AsTask();
        // What a worker does whose last grace is over.
        var ending = subscription.DisposeAsync().AsTask();
        Assert.False(goingBack.IsCompleted || ending.IsCompleted);
        network.Restore();
        Assert.Equal(CompletionStatus.Applied, await goingBack.WaitAsync(Patience, Cancelled));
        await ending.WaitAsync(Patience, Cancelled);
        await SendAsync(other, queue, "end");
        Assert.Equal(["end", "x"], (await ConsumedAsync(other, queue, 2)).Order(StringComparer.Ordinal));
        Assert.Null(await other.GetAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_process_that_is_killed_while_it_stops_loses_nothing()
    {
        await using var harness = NewHarness();
        await harness.StartAsync();
        var transport = Open(harness.Url);
        var queue = await DeclareAsync(transport);
        for (var number = 0; number < 20; number++)
        {
            await SendAsync(transport, queue, $"{number}");
        }
        var peer = await harness.StartPeerAsync();
        await peer.SendAsync($"hold {queue} 10");
        for (var number = 0; number < 10; number++)
        {
            await peer.WaitForAsync("held");
        }
        // Its end begins, and the process dies somewhere on the way.
        await peer.SendAsync("exit");
        await peer.KillAsync();
        var texts = new HashSet<string>();
        await EventuallyAsync(
            async () =>
            {
                texts.UnionWith(await DrainAsync(transport, queue));
                return texts.Count == 20;
            }, "all twenty messages are in the queue");
    }

    [Fact(Timeout = Limit)]
    public async Task A_connection_that_is_lost_while_a_consumer_stops_loses_nothing()
    {
        var url = await UrlAsync();
        await using var network = TcpProxy.Start("127.0.0.1", BrokerUrl.Parse(url).Port!.Value);
        var (stopping, other) = (Open(network.Through(url)), Open(url));
        var queue = await DeclareAsync(other);
        for (var number = 0; number < 20; number++)
        {
            await SendAsync(other, queue, $"{number}");
        }
        var subscription = await SubscribeAsync(stopping, queue, prefetch: 10);
        var held = await ReceiveAsync(subscription);
        var cancelling = subscription.CancelAsync(Cancelled).AsTask();
        await network.CutAsync();
        await Record.ExceptionAsync(() => cancelling);
        Assert.NotEqual(CompletionStatus.Applied, await held.AckAsync(Cancelled));
        await subscription.DisposeAsync();
        var texts = new HashSet<string>();
        await EventuallyAsync(
            async () =>
            {
                texts.UnionWith(await DrainAsync(other, queue));
                return texts.Count == 20;
            }, "all twenty messages are in the queue");
    }

    /// <summary>
    /// By one consumer, as a worker does, and what is left after it. A consumer for each message would change the order on ActiveMQ: the next one that
    /// it is offered before it ends goes behind all that other consumers have given back.
    /// </summary>
    private static async Task<List<string>> ConsumedAsync(ITransport transport, string queue, int count)
    {
        var texts = new List<string>();
        await using (var subscription = await SubscribeAsync(transport, queue))
        {
            while (texts.Count < count)
            {
                var delivery = await ReceiveAsync(subscription);
                texts.Add(TextOf(delivery));
                await delivery.AckAsync(Cancelled);
            }
        }
        texts.AddRange(await DrainAsync(transport, queue));
        return texts;
    }
}

/// <summary>On ActiveMQ.</summary>
public sealed class ActiveMqStoppingTests : StoppingFacts
{
    protected override async Task<string> UrlAsync() => (await ActiveMqAsync()).StompUrl;

    protected override TransportHarness NewHarness() => new ActiveMqHarness();
}

/// <summary>On RabbitMQ.</summary>
public sealed class RabbitMqStoppingTests : StoppingFacts
{
    protected override async Task<string> UrlAsync() => (await RabbitMqAsync()).StompUrl;

    protected override TransportHarness NewHarness() => new RabbitMqStompHarness();
}
