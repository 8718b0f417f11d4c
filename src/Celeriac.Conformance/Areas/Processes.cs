using System.Collections.Concurrent;
using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TransportConformance
{
    /// <summary>Where sharing between processes is not claimed: asserts that the harness does not say otherwise, and answers true.</summary>
    private bool ProcessesCannotShare()
    {
        Assert.True(
            Can.SharedBetweenProcesses == Harness.PeerAssembly is not null,
            $"SharedBetweenProcesses is {Can.SharedBetweenProcesses}, but the harness names {Harness.PeerAssembly ?? "no peer program"}.");
        return !Can.SharedBetweenProcesses;
    }

    /// <summary>Runs work in a peer and collects what it gets until all that is expected has been got by somebody.</summary>
    private static async Task CollectAsync(PeerProcess peer, ConcurrentQueue<string> collected, int expected, TaskCompletionSource all)
    {
        while (await peer.ReadAsync() is { } line && line != "stopped")
        {
            Assert.False(line.StartsWith("error", StringComparison.Ordinal) || line.StartsWith("lost", StringComparison.Ordinal), line);
            if (line.StartsWith("got ", StringComparison.Ordinal))
            {
                collected.Enqueue(line[4..]);
            }
            if (collected.Count >= expected)
            {
                all.TrySetResult();
            }
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_of_another_process_wakes_a_consumer_that_waits_within_a_second()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await using var subscription = await SubscribeAsync(queue);
        var peer = await Harness.StartPeerAsync();
        var latencies = new List<double>();
        for (var round = 0; round < 10; round++)
        {
            var waiting = ReceiveAsync(subscription);
            await peer.SendAsync($"stamp {queue}");
            var delivery = await waiting;
            var now = TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond;
            latencies.Add((now - long.Parse(TextOf(delivery), CultureInfo.InvariantCulture)) / 1000.0);
            await delivery.AckAsync(Cancelled);
            await peer.WaitForAsync("stamped");
        }
        latencies.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"From publish in one process to receive in another: median {latencies[5]:F1} ms, worst {latencies[^1]:F1} ms of {latencies.Count}.");
        // Of a machine that is busy elsewhere one or two may be later.
        Assert.InRange(latencies[5], 0, 1000);
    }

    [Fact(Timeout = Limit)]
    public async Task A_message_reaches_another_process_and_the_answer_comes_back()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var (questions, answers) = (await DeclareQueueAsync("questions"), await DeclareQueueAsync("answers"));
        var peer = await Harness.StartPeerAsync();
        await peer.SendAsync($"consume {questions} 1");
        await PublishAsync(questions, "question");
        Assert.Equal("question", await peer.WaitForAsync("got"));
        await peer.WaitForAsync("consumed");
        await peer.AskAsync($"publish {answers} 1 answer-", "published");
        Assert.Equal(["answer-0"], await DrainAsync(answers, 1));
    }

    [Fact(Timeout = Limit)]
    public async Task A_binding_made_in_another_process_is_honoured_by_the_next_publish_here()
    {
        if (ProcessesCannotShare() || await ExchangesAreRefusedAsync())
        {
            return;
        }
        var exchange = await DeclareExchangeAsync();
        var queue = await DeclareQueueAsync();
        await BindAsync(exchange, queue, "old");
        await PublishToAsync(exchange, "old", "1");
        var peer = await Harness.StartPeerAsync();
        await peer.AskAsync($"bind {exchange} {queue} new", "bound");
        await PublishToAsync(exchange, "new", "2");
        Assert.Equal(["1", "2"], await DrainAsync(queue, 2));
    }

    [Fact(Timeout = Limit)]
    public async Task A_document_written_by_another_process_wakes_a_reader_that_waits()
    {
        if (ProcessesCannotShare() || DocumentsAreAbsent())
        {
            return;
        }
        var peer = await Harness.StartPeerAsync();
        var waiting = WaitForDocumentAsync("result");
        await peer.AskAsync($"write {Harness.NameOf("result")} 5", "written");
        Assert.Equal("5", await waiting.WaitAsync(Harness.Patience, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Two_processes_never_hold_the_same_message()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        var queue = await DeclareQueueAsync();
        await PublishAsync(queue, "a", "b");
        PeerProcess[] peers = await Task.WhenAll(Harness.StartPeerAsync(), Harness.StartPeerAsync());
        var held = await Task.WhenAll(peers.Select(peer => peer.AskAsync($"hold {queue} 1", "held")));
        Assert.Equal(["a", "b"], held.Order());
    }

    [Fact(Timeout = Limit)]
    public async Task Two_processes_share_the_work_and_nothing_is_lost_or_doubled()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        const int messages = 400;
        var queue = await DeclareQueueAsync();
        PeerProcess[] peers = await Task.WhenAll(Harness.StartPeerAsync(), Harness.StartPeerAsync());
        var collected = new ConcurrentQueue<string>();
        var all = new TaskCompletionSource();
        await Task.WhenAll(peers.Select(peer => peer.SendAsync($"work {queue}")));
        var collecting = peers.Select(peer => CollectAsync(peer, collected, messages, all)).ToArray();
        foreach (var list in Numbered(messages).Chunk(20))
        {
            await PublishAsync(queue, list);
        }
        await all.Task.WaitAsync(Harness.Patience, Cancelled);
        await Task.WhenAll(peers.Select(peer => peer.SendAsync("stop")));
        await Task.WhenAll(collecting);
        Assert.Equal(Numbered(messages).Order(), collected.Order());
        await AssertEmptyAsync(queue);
    }

    [Fact(Timeout = Limit)]
    public async Task Four_processes_publish_and_consume_at_once_and_nothing_is_lost_or_doubled()
    {
        if (ProcessesCannotShare())
        {
            return;
        }
        const int processes = 4, each = 150;
        var queue = await DeclareQueueAsync();
        var peers = await Task.WhenAll(Enumerable.Range(0, processes).Select(_ => Harness.StartPeerAsync()));
        var collected = new ConcurrentQueue<string>();
        var all = new TaskCompletionSource();
        var collecting = peers.Select(peer => CollectAsync(peer, collected, processes * each, all)).ToArray();
        await Task.WhenAll(peers.Select(async (peer, number) =>
        {
            await peer.SendAsync($"work {queue}");
            await peer.SendAsync($"publish {queue} {each} {number}-");
        }));
        await all.Task.WaitAsync(Harness.Patience * 2, Cancelled);
        await Task.WhenAll(peers.Select(peer => peer.SendAsync("stop")));
        await Task.WhenAll(collecting);
        Assert.Equal(Enumerable.Range(0, processes).SelectMany(number => Numbered(each, $"{number}-")).Order(), collected.Order());
        await AssertEmptyAsync(queue);
    }
}
