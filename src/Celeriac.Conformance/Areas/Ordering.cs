using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Theory(Timeout = Limit)]
    [InlineData(1)]
    [InlineData(50)]
    public async Task Messages_arrive_in_the_order_of_their_list(int prefetch)
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(200));
        await using var subscription = await SubscribeAsync(queue, prefetch);
        Assert.Equal(Numbered(200), await DrainAsync(subscription, 200));
    }

    [Fact(Timeout = Limit)]
    public async Task Messages_arrive_in_the_order_in_which_their_calls_returned()
    {
        var queue = await DeclareQueueAsync();
        foreach (var body in Numbered(50))
        {
            await PublishAsync(queue, body);
        }
        Assert.Equal(Numbered(50), await DrainAsync(queue, 50));
    }

    [Fact(Timeout = Limit)]
    public async Task Messages_of_two_connections_arrive_in_the_order_in_which_their_calls_returned()
    {
        var queue = await DeclareQueueAsync();
        var other = Harness.Open();
        for (var number = 0; number < 20; number += 2)
        {
            await PublishAsync(queue, $"{number}");
            await other.PublishAsync(Publication.ToQueue(queue, TextMessage($"{number + 1}")), Cancelled);
        }
        Assert.Equal(Numbered(20), await DrainAsync(queue, 20));
    }

    [Fact(Timeout = Limit)]
    public async Task The_next_subscription_goes_on_where_the_last_one_stopped()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(20));
        await using (var first = await SubscribeAsync(queue, prefetch: 8))
        {
            Assert.Equal(Numbered(5), await DrainAsync(first, 5));
        }
        var rest = await DrainAsync(queue, 15);
        Assert.Equal(Numbered(20)[5..], Harness.ReturnsInOrder ? rest : rest.OrderBy(int.Parse));
    }
}
