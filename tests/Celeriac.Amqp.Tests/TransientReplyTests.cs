using System.Globalization;
using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

/// <summary>Transient follow-ups that leave together with their acknowledgement, on both clients.</summary>
public sealed class TransientReplyTests : AmqpTest
{
    private const string Own = "?client=celeriac";

    [Theory(Timeout = 180_000)]
    [InlineData("?client=rabbitmq")]
    [InlineData(Own)]
    public async Task Each_reply_comes_once_and_nothing_stays_behind(string client)
    {
        var transport = OpenShared(client);
        var (work, replies) = (await DeclareAsync(transport, "work"), await DeclareAsync(transport, "replies"));
        await PublishManyAsync(transport, work, 500);
        await using (var subscription = await transport.SubscribeAsync(new SubscriptionOptions([work]) { Prefetch = 50 }, Cancelled))
        {
            var completing = new List<Task<CompletionStatus>>();
            while (completing.Count < 500)
            {
                completing.Add(transport.CompleteAsync(Reply(await ReceiveAsync(subscription), replies), Cancelled).AsTask());
            }
            Assert.All(await Task.WhenAll(completing), status => Assert.Equal(CompletionStatus.Applied, status));
        }
        Assert.Equal(0, (await transport.CountAsync(work, Cancelled))!.Ready);
        Assert.Equal(500, (await ReceivedAsync(transport, replies, 500)).Count);
        Assert.Equal(0, (await transport.CountAsync(replies, Cancelled))!.Ready);
    }

    /// <summary>A reply that nobody waits for any more is no error, large or small.</summary>
    [Theory(Timeout = 180_000)]
    [InlineData("?client=rabbitmq", 10)]
    [InlineData(Own, 10)]
    [InlineData("?client=rabbitmq", 100_000)]
    [InlineData(Own, 100_000)]
    public async Task A_reply_to_a_queue_that_is_gone_is_dropped_and_the_work_is_done(string client, int size)
    {
        var transport = OpenShared(client);
        var work = await DeclareAsync(transport, "work");
        await PublishManyAsync(transport, work, 3);
        await using (var subscription = await transport.SubscribeAsync(new SubscriptionOptions([work]), Cancelled))
        {
            for (var number = 0; number < 3; number++)
            {
                Assert.Equal(CompletionStatus.Applied, await transport.CompleteAsync(Reply(await ReceiveAsync(subscription), NameOf("nowhere"), size), Cancelled));
            }
        }
        Assert.Equal(0, (await transport.CountAsync(work, Cancelled))!.Ready);
    }

    /// <summary>Reply and acknowledgement both arrive, or the message comes again: a cut may repeat a reply and never loses one.</summary>
    [Theory(Timeout = 180_000)]
    [InlineData("?client=rabbitmq")]
    [InlineData(Own)]
    public async Task Cuts_of_the_connection_lose_no_reply(string client)
    {
        await using var network = TcpProxy.Start("127.0.0.1", SharedServer.Server.AmqpPort);
        var transport = Open($"{network.Through(SharedServer.Server.AmqpUrl)}{client}&reconnect_delay=20ms&reconnect_delay_max=50ms");
        var (work, replies) = (await DeclareAsync(transport, "work"), await DeclareAsync(transport, "replies"));
        const int count = 3000;
        await PublishManyAsync(transport, work, count);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var working = WorkAsync(transport, work, replies, over.Token);
        var observer = OpenShared();
        var received = new HashSet<string>();
        await using var subscription = await observer.SubscribeAsync(new SubscriptionOptions([replies]) { Prefetch = 100 }, Cancelled);
        while (received.Count < count)
        {
            var reply = await ReceiveAsync(subscription);
            if (received.Add(TextOf(reply)) && received.Count % 300 == 0)
            {
                await network.CutAsync();
            }
            await reply.AckAsync(Cancelled);
        }
        await over.CancelAsync();
        await working;
        await transport.DisposeAsync();
        var left = await observer.CountAsync(work, Cancelled);
        // What was given out when the last reply had come may be given out again.
        Assert.InRange(left!.Ready, 0, 100);
    }

    /// <summary>What the server refuses closes the channel; the message comes again, and its next reply is refused in words.</summary>
    [Theory(Timeout = 180_000)]
    [InlineData("?client=rabbitmq")]
    [InlineData(Own)]
    public async Task A_reply_that_may_no_longer_be_sent_is_refused_in_words_and_the_work_is_not_lost(string client)
    {
        var user = NameOf("replier");
        await SharedServer.Server.ControlAsync("add_user", user, "secret");
        await SharedServer.Server.ControlAsync("set_permissions", "-p", "/", user, ".*", ".*", ".*");
        var transport = Open(SharedServer.Server.AmqpUrl.Replace("guest:guest", $"{user}:secret", StringComparison.Ordinal) + client);
        var (work, replies) = (await DeclareAsync(transport, "work"), await DeclareAsync(transport, "replies"));
        await PublishManyAsync(transport, work, 2);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([work]), Cancelled);
        Assert.Equal(CompletionStatus.Applied, await transport.CompleteAsync(Reply(await ReceiveAsync(subscription), replies), Cancelled));
        await SharedServer.Server.ControlAsync("set_permissions", "-p", "/", user, ".*", "^nothing$", ".*");

        // The acknowledgement may be told as applied before the server's refusal is heard, as any acknowledgement.
        await transport.CompleteAsync(Reply(await ReceiveAsync(subscription), replies), Cancelled);
        var again = await ReceiveAsync(subscription);
        Assert.True(again.Redelivered);
        await SharedServer.Server.ControlAsync("set_permissions", "-p", "/", user, ".*", ".*", ".*");
        Assert.Equal(CompletionStatus.Applied, await transport.CompleteAsync(Reply(again, replies), Cancelled));
        Assert.Equal(2, (await ReceivedAsync(OpenShared(), replies, 2)).Count);
    }

    private static async Task WorkAsync(AmqpTransport transport, string work, string replies, CancellationToken over)
    {
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([work]) { Prefetch = 50 }, over);
        try
        {
            while (await subscription.ReceiveAsync(over) is { } delivery)
            {
                _ = CompleteAsync(transport, delivery, replies);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // All replies are there.
        }
    }

    private static async Task CompleteAsync(AmqpTransport transport, Delivery delivery, string replies)
    {
        try
        {
            await transport.CompleteAsync(Reply(delivery, replies));
        }
        catch (Exception error) when (error is TransportException or ObjectDisposedException)
        {
            // The first reply of a channel is confirmed, and a cut may leave that open: the message comes again.
        }
    }

    private static Completion Reply(Delivery delivery, string replies, int padding = 0) => new(delivery, Settlement.Ack)
    {
        FollowUps = [new Publication(Text(TextOf(delivery).PadLeft(padding)) with { Persistent = false }, "", replies)],
    };

    private static async Task PublishManyAsync(AmqpTransport transport, string queue, int count) => await transport.PublishAsync(
        Enumerable.Range(0, count).Select(number => Publication.ToQueue(queue, Text(number.ToString(CultureInfo.InvariantCulture)))).ToArray(), Cancelled);

    private static async Task<HashSet<string>> ReceivedAsync(AmqpTransport transport, string queue, int count)
    {
        var received = new HashSet<string>();
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]) { Prefetch = 100 }, Cancelled);
        while (received.Count < count)
        {
            var delivery = await ReceiveAsync(subscription);
            Assert.True(received.Add(TextOf(delivery)), $"'{TextOf(delivery)}' came twice.");
            await delivery.AckAsync(Cancelled);
        }
        return received;
    }
}
