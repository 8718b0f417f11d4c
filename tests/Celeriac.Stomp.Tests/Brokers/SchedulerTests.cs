using Celeriac.Brokers;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Brokers;

/// <summary>An ActiveMQ as it is delivered: without its scheduler, and so without delays.</summary>
public sealed class SchedulerTests(SchedulerTests.WithoutScheduler own) : StompTest, IClassFixture<SchedulerTests.WithoutScheduler>
{
    private readonly ActiveMqServer _server = own.Server;

    [Fact(Timeout = Limit)]
    public async Task A_delay_is_refused_and_the_refusal_names_the_setting()
    {
        var transport = Open(_server.StompUrl);
        var queue = await DeclareAsync(transport);
        Assert.False(transport.Capabilities.Delay);
        Assert.Null(transport.Capabilities.LongestDelay);
        var late = Publication.ToQueue(queue, Text("late")) with { Due = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1) };
        var refusal = await RefusalOfAsync(() => transport.PublishAsync(late, Cancelled));
        Assert.Contains("schedulerSupport", refusal, StringComparison.Ordinal);
        Assert.Contains($"'{queue}'", refusal, StringComparison.Ordinal);
        Assert.Empty(await DrainAsync(transport, queue));
    }

    [Fact(Timeout = Limit)]
    public async Task A_follow_up_with_a_delay_is_refused_and_its_delivery_stays_in_work()
    {
        var transport = Open(_server.StompUrl);
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, "work");
        var delivery = Assert.IsType<Delivery>(await transport.GetAsync(queue, Cancelled));
        var late = Publication.ToQueue(queue, Text("late")) with { Due = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1) };
        var refusal = await RefusalOfAsync(async () => await delivery.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [late] }, Cancelled));
        Assert.Contains("schedulerSupport", refusal, StringComparison.Ordinal);
        Assert.Equal(CompletionStatus.Applied, await delivery.RequeueAsync(Cancelled));
        Assert.Equal(["work"], await DrainAsync(transport, queue));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_due_already_is_sent()
    {
        var transport = Open(_server.StompUrl);
        var queue = await DeclareAsync(transport);
        await transport.PublishAsync(Publication.ToQueue(queue, Text("now")) with { Due = TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(1) }, Cancelled);
        Assert.Equal(["now"], await DrainAsync(transport, queue));
    }

    /// <summary>A server of its own.</summary>
    public sealed class WithoutScheduler() : BrokerFixture<ActiveMqServer>(() => ActiveMqServer.StartAsync(new ActiveMqOptions { Scheduler = false }));
}
