using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Receiving;

/// <summary>A consumer whose broker believes that it has work, and who has none.</summary>
public sealed class ConsumerWatchTests : StompTest
{
    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_consumer_that_starves_beside_a_full_queue_consumes_anew(bool isActiveMq)
    {
        var url = isActiveMq ? (await ActiveMqAsync()).StompUrl : (await RabbitMqAsync()).StompUrl;
        await using var tap = new StompTap(BrokerUrl.Parse(url).Port!.Value);
        var (transport, around) = (OpenWatched(tap.Through(url)), Open(url));
        var queue = await DeclareAsync(around);
        await using var subscription = await SubscribeAsync(transport, queue, prefetch: 1);
        var swallowed = 0;
        tap.Passes = frame => frame.Command != "MESSAGE" || frame.GetBodyText() != "first" || Interlocked.Increment(ref swallowed) > 1;
        await SendAsync(around, queue, "first");
        await SendAsync(around, queue, "second");
        var received = new HashSet<string>();
        while (received.Count < 2)
        {
            var delivery = await ReceiveAsync(subscription);
            Assert.True(received.Add(TextOf(delivery)));
            await delivery.AckAsync(Cancelled);
        }
        Assert.True(swallowed > 1);
    }

    [Fact(Timeout = Limit)]
    public async Task A_consumer_that_is_well_is_left_alone()
    {
        var url = (await ActiveMqAsync()).StompUrl;
        var transport = OpenWatched(url);
        var queue = await DeclareAsync(transport);
        await using var subscription = await SubscribeAsync(transport, queue, prefetch: 1);
        await SendAsync(transport, queue, "in work");
        await SendAsync(transport, queue, "waits its turn");
        var held = await ReceiveAsync(subscription);
        await SendManyAsync(transport, queue);
        // A consumer that had been ended and begun again could not settle it any more.
        Assert.Equal(CompletionStatus.Applied, await held.AckAsync(Cancelled));
    }

    // Several periods pass; each send takes a round trip.
    private static async Task SendManyAsync(ITransport transport, string queue)
    {
        var until = TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(500);
        while (TimeProvider.System.GetUtcNow() < until)
        {
            await SendAsync(transport, queue, "more");
        }
    }

    private StompTransport OpenWatched(string url)
    {
        var parsed = BrokerUrl.Parse(url + "?heartbeat=1h");
        return Own(new StompTransport(parsed, StompUrlOptions.From(parsed) with { WatchPeriod = TimeSpan.FromMilliseconds(100) }, new TransportContext()));
    }
}
