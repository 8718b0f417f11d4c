using System.Collections.Concurrent;
using Celeriac.Stomp.Brokers;
using Celeriac.Stomp.Receiving;
using Celeriac.Stomp.Sending;

namespace Celeriac.Stomp.Tests.Sending;

/// <summary>Works that share a transaction, one of which the broker refuses.</summary>
public sealed class RefusedNeighbourTests : StompTest
{
    [Fact(Timeout = Limit)]
    public async Task One_refused_among_many_harms_no_other_and_leaves_no_transaction_behind()
    {
        var server = await ActiveMqAsync();
        await using var tap = new StompTap(server.StompPort);
        var client = await RawAsync(tap.Through(server.StompUrl));
        var broker = new ActiveMqBroker(client, 1 << 20, _ => { });
        var (queue, held) = ($"/queue/{NameOf("queue")}", await ReceiveOneAsync(client, NameOf("held")));
        var consumer = new StompConsumer(1, "held", 1, 1);
        var works = Enumerable.Range(0, 10).Select(number => new StompWork([], [Send(queue, $"{number}")], number == 7 ? [new SettlementFrame(consumer, held)] : [])).ToList();
        // Of a header that is given twice the first counts, and there is no such transaction.
        var poison = new StompWork([], [Send(queue, "x").With("transaction", "never begun")], []);
        works.Insert(5, poison);
        await RunAsync(broker, works);

        var refusal = await Assert.ThrowsAsync<StompErrorException>(() => poison.Done);
        Assert.Contains("never begun", refusal.Message + refusal.Details, StringComparison.Ordinal);
        await Task.WhenAll(works.Where(work => work != poison).Select(work => work.Done));
        var frames = await ListenAsync(client, queue, new KeyValuePair<string, string>("activemq.prefetchSize", "100"));
        for (var number = 0; number < 10; number++)
        {
            Assert.Equal($"{number}", (await NextAsync(frames)).GetBodyText());
        }
        Assert.Equal(Named(tap, "BEGIN"), Named(tap, "COMMIT").Concat(Named(tap, "ABORT")).Order(StringComparer.Ordinal));
        Assert.False(frames.TryRead(out _));
    }

    [Fact(Timeout = Limit)]
    public async Task On_RabbitMq_what_is_confirmed_is_not_sent_again_for_a_neighbour_that_is_refused()
    {
        var server = await RabbitMqAsync();
        await using var tap = new StompTap(server.StompPort);
        var client = await RawAsync(tap.Through(server.StompUrl));
        var broker = new RabbitMqBroker(client, _ => throw new InvalidOperationException(), () => false, (_, _) => { }, 1 << 20, plainHeaders: false, TimeProvider.System);
        var queue = $"/queue/{NameOf("queue")}";
        var works = Enumerable.Range(0, 10).Select(number => new StompWork([], [Send(queue, $"{number}")], [])).ToList();
        // Our own client refuses it, because the line is too long.
        var poison = new StompWork([], [Send(queue, "x").With("long", new string('x', 100_000))], []);
        works.Insert(5, poison);
        await RunAsync(broker, works);

        await Assert.ThrowsAsync<StompRefusedException>(() => poison.Done);
        await Task.WhenAll(works.Where(work => work != poison).Select(work => work.Done));
        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"{number}"), tap.Sent.Where(frame => frame.Command == "SEND").Select(frame => frame.GetBodyText()));
        Assert.DoesNotContain(tap.Sent, frame => frame.Command == "BEGIN");
        Assert.All(tap.Sent.Where(frame => frame.Command == "SEND"), frame => Assert.NotNull(frame.Headers.Find("receipt")));
    }

    /// <summary>Hands all works in while the sender is busy, so that they become one batch.</summary>
    private static async Task RunAsync(IStompBroker broker, List<StompWork> works)
    {
        var (begun, ready) = (new TaskCompletionSource(), new TaskCompletionSource());
        var batches = new ConcurrentQueue<int>();
        var sender = new StompSender(async batch =>
        {
            batches.Enqueue(batch.Count);
            if (begun.TrySetResult())
            {
                await ready.Task;
                return;
            }
            await broker.ExecuteAsync(batch);
        });
        await sender.HandInAsync(new StompWork([], [], []), Cancelled);
        await begun.Task;
        foreach (var work in works)
        {
            await sender.HandInAsync(work, Cancelled);
        }
        ready.SetResult();
        await Task.WhenAll(works.Select(work => work.Done)).ContinueWith(_ => { }, Cancelled, TaskContinuationOptions.None, TaskScheduler.Default).WaitAsync(Patience, Cancelled);
        await sender.DisposeAsync();
        Assert.Equal(works.Count, batches.ElementAt(1));
    }

    private static async Task<StompFrame> ReceiveOneAsync(StompClient client, string queue)
    {
        await client.RequestAsync(Send($"/queue/{queue}", "held"), Cancelled);
        return StompFrames.Ack((await NextAsync(await ListenAsync(client, $"/queue/{queue}"))).Headers.Find("ack")!);
    }

    private static StompFrame Send(string destination, string body) => StompFrames.Send(destination, System.Text.Encoding.UTF8.GetBytes(body), [new("persistent", "true")]);

    private static string[] Named(StompTap tap, string command) => [.. tap.Sent.Where(frame => frame.Command == command).Select(frame => frame.Headers.Find("transaction")!).Order(StringComparer.Ordinal)];
}
