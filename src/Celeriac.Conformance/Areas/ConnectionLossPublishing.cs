using System.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

// What a producer sees of a network that fails.
public abstract partial class TransportConformance
{
    [Fact(Timeout = LongLimit)]
    public async Task Of_publishes_during_a_hundred_cuts_every_confirmed_one_arrives()
    {
        if (Network() is not { } network)
        {
            return;
        }
        const int rounds = 100;
        var queue = await DeclareQueueAsync();
        var confirmed = new List<string>();
        foreach (var body in Numbered(rounds))
        {
            var publishing = IsConfirmedAsync(PublishAsync(queue, body));
            await network.CutAsync();
            if (await publishing)
            {
                confirmed.Add(body);
            }
        }
        // The network is there again after each cut, and the timeout is long: most are sent again and confirmed.
        Assert.InRange(confirmed.Count, rounds / 2, rounds);
        await using var subscription = await SubscribeAsync(queue);
        Assert.Empty(confirmed.Except(await DrainUntilAsync(subscription, [.. confirmed])));
    }

    [Fact(Timeout = LongLimit)]
    public async Task Of_lists_published_during_cuts_every_confirmed_message_arrives()
    {
        if (Network() is not { } network)
        {
            return;
        }
        const int rounds = 20, each = 50;
        var queue = await DeclareQueueAsync();
        var confirmed = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            var bodies = Numbered(each, $"{round}-");
            var publishing = IsConfirmedAsync(PublishAsync(queue, bodies));
            await network.CutAsync();
            if (await publishing)
            {
                confirmed.AddRange(bodies);
            }
        }
        await using var subscription = await SubscribeAsync(queue, prefetch: 100);
        Assert.Empty(confirmed.Except(await DrainUntilAsync(subscription, [.. confirmed])));
    }

    [Fact(Timeout = Limit)]
    public async Task A_publish_cut_before_its_confirmation_arrives_or_is_said_to_be_unknown()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var sent = network.BytesToServer;
        network.BlackHole(TrafficDirection.ToClient);
        var text = new string('x', 5000);
        var publishing = PublishAsync(queue, text);
        await EventuallyAsync(() => Task.FromResult(network.BytesToServer >= sent + text.Length), "the message is on its way");
        await network.CutAsync();
        network.Restore();
        if (await Record.ExceptionAsync(() => publishing) is { } error)
        {
            Assert.IsType<PublishUnknownException>(error);
            return;
        }
        await using var subscription = await SubscribeAsync(queue);
        Assert.Equal(text, TextOf(await ReceiveAsync(subscription)));
    }

    [Theory(Timeout = Limit)]
    [InlineData(TrafficDirection.Both)]
    [InlineData(TrafficDirection.ToClient)]
    public async Task A_publish_into_a_black_hole_ends_within_its_timeout_and_names_the_broker(TrafficDirection direction)
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var transport = OpenQuick("publish_timeout=500ms");
        await transport.ConnectAsync(Cancelled);
        network.BlackHole(direction);
        var started = Stopwatch.GetTimestamp();
        var error = await Assert.ThrowsAnyAsync<TransportException>(() => transport.PublishAsync(Publication.ToQueue(queue, TextMessage("swallowed")), Cancelled).AsTask());
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(400), Harness.Patience);
        Assert.IsNotType<TransportRefusedException>(error);
        AssertNamesTheServer(error, network);
        network.Restore();
        await transport.PublishAsync(Publication.ToQueue(queue, TextMessage("after")), Cancelled);
        await using var subscription = await SubscribeAsync(queue);
        Assert.Contains("after", await DrainUntilAsync(subscription, "after"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_publish_while_the_server_is_away_ends_within_its_timeout_and_was_never_sent()
    {
        if (Network() is not { } network)
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        var transport = OpenQuick("publish_timeout=300ms");
        await transport.ConnectAsync(Cancelled);
        network.Refuse();
        await network.CutAsync();
        await EventuallyAsync(() => Task.FromResult(transport.Health.State == ConnectionState.Reconnecting), "the loss is noticed");
        var error = await Assert.ThrowsAsync<TransportException>(() => transport.PublishAsync(Publication.ToQueue(queue, TextMessage("never sent")), Cancelled).AsTask());
        AssertNamesTheServer(error, network);
        network.Restore();
        await PublishAsync(queue, "after");
        Assert.Equal(["after"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_delayed_message_sent_before_a_cut_arrives()
    {
        if (Network() is not { } network || await DelaysAreRefusedAsync())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishLaterAsync(queue, "later", TimeSpan.FromMilliseconds(500));
        await network.CutAsync();
        Assert.Equal(["later"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_slow_network_that_splits_everything_changes_nothing()
    {
        if (Network() is not { } network)
        {
            return;
        }
        network.Splits = true;
        network.Delay = TimeSpan.FromMilliseconds(2);
        var sent = FullMessage();
        var received = await RoundTripAsync(sent);
        Assert.Equal(sent.Body.ToArray(), received.Body.ToArray());
        Assert.Equal(sent.Headers, received.Headers);
    }

    /// <summary>True when the publish was confirmed, false when it failed as a publish may on a bad network.</summary>
    private static async Task<bool> IsConfirmedAsync(Task publishing)
    {
        try
        {
            await publishing;
            return true;
        }
        catch (TransportException error) when (error is not TransportRefusedException)
        {
            return false;
        }
    }

    private void AssertNamesTheServer(Exception error, TcpProxy network)
    {
        Assert.Contains($"{network.Port}", error.Message, StringComparison.Ordinal);
        if (BrokerUrl.Parse(Harness.Url).Password is { Length: > 0 } password)
        {
            Assert.DoesNotContain($":{password}@", error.ToString(), StringComparison.Ordinal);
        }
    }
}
