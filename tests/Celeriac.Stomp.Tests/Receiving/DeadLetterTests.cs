using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Receiving;

/// <summary>Where ActiveMQ's refused and returned messages are.</summary>
public sealed class DeadLetterTests : StompTest
{
    [Fact(Timeout = Limit)]
    public async Task What_is_rejected_is_in_the_brokers_dead_letter_queue_with_its_body()
    {
        var server = await ActiveMqAsync();
        var (transport, raw) = (Open(server.StompUrl), await RawAsync(server.StompUrl));
        var queue = await DeclareAsync(transport);
        var body = $"poison of {queue}";
        await SendAsync(transport, queue, WithHeader(body, "retries", 3));
        await Assert.IsType<Delivery>(await transport.GetAsync(queue, Cancelled)).RejectAsync(Cancelled);
        var dead = await ListenAsync(raw, "/queue/ActiveMQ.DLQ");
        StompFrame frame;
        do
        {
            frame = await NextAsync(dead);
        }
        while (frame.GetBodyText() != body);
        Assert.Equal("""{"retries":3}""", frame.Headers.Find("celery-headers"));
        await raw.RequestAsync(StompFrames.Ack(frame.Headers.Find("ack")!), Cancelled);
        Assert.Null(await transport.GetAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Giving_back_while_the_network_is_cut_loses_nothing_and_doubles_nothing()
    {
        var server = await ActiveMqAsync();
        await using var network = TcpProxy.Start("127.0.0.1", server.StompPort);
        var (transport, around) = (Open(network.Through(server.StompUrl) + "?reconnect_delay=50ms"), Open(server.StompUrl));
        var queue = await DeclareAsync(transport);
        for (var round = 0; round < 20; round++)
        {
            await SendAsync(around, queue, $"{round}");
            await using var subscription = await SubscribeAsync(transport, queue, prefetch: 1);
            var delivery = await ReceiveAsync(subscription);
            // The answer is held up at different points of the transaction.
            network.Delay = TimeSpan.FromMilliseconds(round % 5);
            var requeuing = delivery.RequeueAsync(Cancelled).AsTask();
            network.Delay = TimeSpan.Zero;
            await network.CutAsync();
            await Record.ExceptionAsync(() => requeuing);
            await subscription.DisposeAsync();
            Assert.Equal([$"{round}"], await DrainedAsync(around, queue));
        }
    }

    // The broker notices the cut a moment later than we do.
    private static async Task<List<string>> DrainedAsync(ITransport transport, string queue)
    {
        var texts = new List<string>();
        await EventuallyAsync(
            async () =>
            {
                texts.AddRange(await DrainAsync(transport, queue));
                return texts.Count > 0;
            }, "the message is in the queue");
        return texts;
    }
}
