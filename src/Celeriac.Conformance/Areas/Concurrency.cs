using System.Collections.Concurrent;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    [Fact(Timeout = Limit)]
    public async Task Many_publishers_and_consumers_lose_nothing_and_double_nothing()
    {
        const int publishers = 10, consumers = 5, lists = 20, listLength = 25;
        var queue = await DeclareQueueAsync();
        var expected = Numbered(publishers * lists * listLength);
        var received = new ConcurrentQueue<string>();
        using var all = new CancellationTokenSource();

        var consuming = Enumerable.Range(0, consumers).Select(_ => Task.Run(() => ConsumeUntilAsync(queue, expected.Length, received, all))).ToArray();
        await Parallel.ForEachAsync(
            expected.Chunk(listLength),
            new ParallelOptions { MaxDegreeOfParallelism = publishers, CancellationToken = Cancelled },
            async (list, _) => await PublishAsync(queue, list));
        await Task.WhenAll(consuming);

        Assert.Equal(expected.Length, received.Count);
        Assert.Equal(expected.Order(), received.Order());
        await AssertEmptyAsync(queue);
    }

    private async Task ConsumeUntilAsync(string queue, int count, ConcurrentQueue<string> received, CancellationTokenSource all)
    {
        await using var subscription = await SubscribeAsync(queue, prefetch: 20);
        try
        {
            while (await subscription.ReceiveAsync(all.Token) is { } delivery)
            {
                Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
                received.Enqueue(TextOf(delivery));
                if (received.Count >= count)
                {
                    await all.CancelAsync();
                }
            }
        }
        catch (OperationCanceledException) when (all.IsCancellationRequested)
        {
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Many_callers_may_publish_single_messages_at_once()
    {
        var queue = await DeclareQueueAsync();
        await Task.WhenAll(Numbered(500).Select(body => Task.Run(() => PublishAsync(queue, body))));
        Assert.Equal(Numbered(500).Order(), (await DrainAsync(queue, 500)).Order());
    }

    [Fact(Timeout = Limit)]
    public async Task Many_connections_may_declare_the_same_at_once()
    {
        if (await ExchangesAreRefusedAsync())
        {
            return;
        }
        const int connections = 4, rounds = 25;
        using var start = new Barrier(connections);
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => DeclareRoundsAsync(Harness.Open(), rounds, start)));
        foreach (var stem in Numbered(rounds))
        {
            await PublishToAsync(Harness.NameOf("exchange"), stem, stem);
            Assert.Equal(stem, TextOf(Assert.IsType<Delivery>(await Transport.GetAsync(Harness.NameOf(stem), Cancelled))));
        }
    }

    /// <summary>On a thread of its own, so that all leave the barrier together whatever the pool does; in rounds, because a collision is a matter of luck.</summary>
    private async Task DeclareRoundsAsync(ITransport transport, int rounds, Barrier start)
    {
        var cancelled = Cancelled;
        await transport.ConnectAsync(cancelled);
        await Task.Factory.StartNew(
            async () =>
            {
                try
                {
                    foreach (var stem in Numbered(rounds))
                    {
                        start.SignalAndWait(cancelled);
                        await transport.DeclareAsync(TopologyOf(stem), cancelled);
                    }
                }
                finally
                {
                    // One that fails leaves, or the others would wait for it.
                    start.RemoveParticipant();
                }
            },
            cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    private Topology TopologyOf(string stem) => new()
    {
        Exchanges = [new ExchangeDeclaration(Harness.NameOf("exchange"))],
        Queues = [new QueueDeclaration(Harness.NameOf(stem))],
        Bindings = [new Binding(Harness.NameOf("exchange"), Harness.NameOf(stem), stem)],
    };

    [Fact(Timeout = Limit)]
    public async Task Many_connections_may_share_a_queue()
    {
        const int connections = 4, each = 50;
        var queue = await DeclareQueueAsync();
        var received = new ConcurrentQueue<string>();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(number => Task.Run(async () =>
        {
            var transport = Harness.Open();
            await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue], Prefetch: 1), Cancelled);
            foreach (var body in Numbered(each, $"{number}-"))
            {
                await transport.PublishAsync(Publication.ToQueue(queue, TextMessage(body)), Cancelled);
                foreach (var text in await DrainAsync(subscription, 1))
                {
                    received.Enqueue(text);
                }
            }
        })));
        Assert.Equal(connections * each, received.Distinct().Count());
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_may_be_purged_and_deleted_while_it_is_published_to()
    {
        var (queue, other) = (await DeclareQueueAsync(), await DeclareQueueAsync("other"));
        var publishing = Task.Run(async () =>
        {
            foreach (var body in Numbered(100))
            {
                await Transport.PublishAsync(new[] { new Publication(TextMessage(body), "", queue), Publication.ToQueue(other, TextMessage(body)) }, Cancelled);
            }
        });
        await Transport.PurgeAsync(queue, Cancelled);
        await Transport.DeleteQueueAsync(queue, Cancelled);
        await publishing;
        Assert.Equal(Numbered(100), await DrainAsync(other, 100));
    }
}
