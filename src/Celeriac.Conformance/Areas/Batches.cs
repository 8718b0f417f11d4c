using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task Of_a_list_with_one_bad_publication_the_others_are_published_and_the_bad_one_is_named()
    {
        var (queue, absent) = (await DeclareQueueAsync(), Harness.NameOf("absent"));
        var failure = await Assert.ThrowsAsync<PublishException>(() => Transport.PublishAsync(
            new[] { Publication.ToQueue(queue, TextMessage("0")), Publication.ToQueue(absent, TextMessage("1")), Publication.ToQueue(queue, TextMessage("2")) },
            Cancelled).AsTask());
        var (index, error) = Assert.Single(failure.Failures);
        Assert.Equal(1, index);
        Assert.Equal(absent, Assert.IsType<UnroutableException>(error).RoutingKey);
        Assert.Equal(["0", "2"], await DrainAsync(queue, 2));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task Every_bad_publication_of_a_list_is_named()
    {
        var (queue, absent) = (await DeclareQueueAsync(), Harness.NameOf("absent"));
        var publications = Enumerable.Range(0, 10).Select(number => Publication.ToQueue(number % 3 == 0 ? absent : queue, TextMessage($"{number}"))).ToArray();
        var failure = await Assert.ThrowsAsync<PublishException>(() => Transport.PublishAsync(publications, Cancelled).AsTask());
        Assert.Equal([0, 3, 6, 9], failure.Failures.Select(item => item.Index));
        Assert.Contains("4 of 10", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["1", "2", "4", "5", "7", "8"], await DrainAsync(queue, 6));
    }

    [Fact(Timeout = Limit)]
    public async Task A_publication_that_an_exchange_does_not_exist_for_spoils_no_other()
    {
        var (queue, absent) = (await DeclareQueueAsync(), Harness.NameOf("absent"));
        var failure = await Assert.ThrowsAsync<PublishException>(() => Transport.PublishAsync(
            new[] { new Publication(TextMessage("0"), absent, "key") { Mandatory = true }, Publication.ToQueue(queue, TextMessage("1")) }, Cancelled).AsTask());
        Assert.Equal([0], failure.Failures.Select(item => item.Index));
        Assert.Equal(["1"], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_list_of_a_thousand_is_published_and_completed_in_one_call_each()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, Numbered(1000));
        await using var subscription = await SubscribeAsync(queue, prefetch: 1000);
        var held = await HoldAsync(subscription, 1000);
        Assert.Equal(Numbered(1000), held.Select(TextOf));
        var statuses = await Transport.CompleteAsync([.. held.Select(delivery => new Completion(delivery, Settlement.Ack))], Cancelled);
        Assert.Equal(Enumerable.Repeat(CompletionStatus.Applied, 1000), statuses);
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task Completions_are_answered_in_their_order()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "0", "1", "2");
        var kept = await SubscribeAsync(queue, prefetch: 1);
        var first = await ReceiveAsync(kept);
        var given = await SubscribeAsync(queue, prefetch: 1);
        var lost = await ReceiveAsync(given);
        var other = await SubscribeAsync(queue, prefetch: 1);
        var last = await ReceiveAsync(other);
        await given.DisposeAsync();
        Assert.Equal(
            [CompletionStatus.Applied, CompletionStatus.Lost, CompletionStatus.Applied],
            await Transport.CompleteAsync([new(first, Settlement.Ack), new(lost, Settlement.Ack), new(last, Settlement.Ack)], Cancelled));
        // A broker that pushes may have handed it to one of these.
        await kept.DisposeAsync();
        await other.DisposeAsync();
        Assert.Equal([TextOf(lost)], await DrainAsync(queue, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_list_may_hold_every_settlement()
    {
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "acknowledged", "rejected", "requeued");
        await using (var subscription = await SubscribeAsync(queue, prefetch: 3))
        {
            var held = await HoldAsync(subscription, 3);
            var statuses = await Transport.CompleteAsync(
                [new(held[0], Settlement.Ack), new(held[1], Settlement.Reject), new(held[2], Settlement.Requeue)], Cancelled);
            Assert.All(statuses, status => Assert.Equal(CompletionStatus.Applied, status));
        }
        Assert.Equal(["requeued"], await DrainAsync(queue, 1));
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task An_empty_list_of_completions_is_answered_with_an_empty_list() =>
        Assert.Empty(await Transport.CompleteAsync(Array.Empty<Completion>(), Cancelled));
}
