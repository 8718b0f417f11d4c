using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

public sealed class SubscriptionTests : AmqpTest
{
    [Fact]
    public async Task A_channel_that_the_broker_closes_is_followed_by_another_and_its_deliveries_are_never_settled()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, "work");
        await using var subscription = (Receiving.AmqpSubscription)await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        var old = await ReceiveAsync(subscription);
        // An unknown tag is an error that closes the channel, as a consumer's timeout does.
        await subscription.Channel!.Channel.AckAsync(999);
        var again = await ReceiveAsync(subscription);
        Assert.Equal(("work", true), (TextOf(again), again.Redelivered));
        Assert.True(again.Claim.Generation > old.Claim.Generation);
        Assert.Equal(CompletionStatus.Lost, await old.AckAsync(Cancelled));
        Assert.Equal(CompletionStatus.Applied, await again.AckAsync(Cancelled));
    }

    [Fact]
    public async Task A_consumer_that_silently_gets_nothing_is_noticed_and_consumes_again()
    {
        var transport = Open(SharedServer.Server.AmqpUrl, options => options with { WatchPeriod = TimeSpan.FromMilliseconds(200) });
        var queue = await DeclareAsync(transport);
        await using var subscription = (Receiving.AmqpSubscription)await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        // The broker forgets the consumer and the subscription does not know.
        await subscription.Channel!.Channel.CancelAsync(subscription.Consumers[0].Tag);
        await SendAsync(transport, queue, "stuck");
        Assert.Equal("stuck", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact]
    public async Task A_deleted_queue_ends_receiving_by_its_name()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        await OpenShared().DeleteQueueAsync(queue, Cancelled);
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => subscription.ReceiveAsync(Cancelled).AsTask());
        Assert.Contains($"'{queue}' was deleted", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prefetch_beyond_what_amqp_can_say_is_cut()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue], Prefetch: 100_000) { ConsumerName = new string('n', 300) }, Cancelled);
        await SendAsync(transport, queue, "received");
        Assert.Equal("received", TextOf(await ReceiveAsync(subscription)));
    }
}
