using System.Text;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Messaging.Tests.Brokers;

public sealed class PushedDeliveriesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private long _tag;

    [Fact]
    public async Task Queues_are_served_in_turn_and_each_in_its_own_order()
    {
        var pushed = Make(10, "a", "b", "c");
        Add(pushed, "a", "a1", "a2", "a3");
        Add(pushed, "c", "c1");
        Add(pushed, "b", "b1", "b2");

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], await TakeAllAsync(pushed, 6));
    }

    [Fact]
    public async Task A_queue_named_twice_is_one_queue()
    {
        var pushed = Make(10, "a", "a");
        Add(pushed, "a", "a1", "a2");

        Assert.Equal(["a"], pushed.Queues);
        Assert.Equal(["a1", "a2"], await TakeAllAsync(pushed, 2));
    }

    [Fact]
    public async Task At_most_the_prefetch_is_handed_out_and_a_settlement_makes_room()
    {
        var pushed = Make(2, "a");
        Add(pushed, "a", "1", "2", "3");
        var first = await TakeAsync(pushed);
        await TakeAsync(pushed);
        var third = TakeAsync(pushed);
        Assert.Equal((2, false, false), (pushed.HandedOut, pushed.IsStarved, third.IsCompleted));

        pushed.Settled(first!);

        Assert.Equal("3", Text(await third.WaitAsync(Patience)));
        Assert.Equal(2, pushed.HandedOut);
    }

    [Fact]
    public async Task A_take_that_waits_gets_what_is_pushed_next()
    {
        var pushed = Make(1, "a");
        var waiting = TakeAsync(pushed);
        Assert.True(pushed.IsStarved);
        Add(pushed, "a", "1");

        Assert.Equal("1", Text(await waiting.WaitAsync(Patience)));
        Assert.False(pushed.IsStarved);
    }

    [Fact]
    public async Task A_cancelled_token_ends_a_take_and_loses_nothing()
    {
        var pushed = Make(1, "a");
        using var cancelled = new CancellationTokenSource();
        var waiting = pushed.TakeAsync(TimeProvider.System, cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Add(pushed, "a", "1");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pushed.TakeAsync(TimeProvider.System, cancelled.Token).AsTask());

        Assert.Equal(0, pushed.HandedOut);
        Assert.Equal("1", Text(await TakeAsync(pushed)));
    }

    [Fact]
    public async Task Cancelling_answers_what_was_not_taken_and_ends_every_take()
    {
        var pushed = Make(2, "a", "b");
        Add(pushed, "a", "a1", "a2");
        Add(pushed, "b", "b1");
        await TakeAsync(pushed);

        Assert.Equal(["a2", "b1"], pushed.Cancel().Select(Text));
        Assert.Null(await TakeAsync(pushed));
        Assert.False(pushed.Add(Of("a", "late", 1)));
        Assert.Empty(pushed.Cancel());
        Assert.Equal((1, false), (pushed.HandedOut, pushed.IsStarved));
    }

    [Fact]
    public async Task Cancelling_wakes_a_take_that_waits()
    {
        var pushed = Make(1, "a");
        var waiting = TakeAsync(pushed);
        pushed.Cancel();

        Assert.Null(await waiting.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_new_connection_forgets_what_waited_and_frees_what_was_handed_out()
    {
        var pushed = Make(1, "a");
        Add(pushed, "a", "old 1", "old 2");
        var old = await TakeAsync(pushed);

        pushed.Begin(2);

        Assert.True(pushed.IsStarved);
        Assert.False(pushed.Add(Of("a", "from the old connection", 1)));
        Assert.True(pushed.Add(Of("a", "new", 2)));
        Assert.Equal("new", Text(await TakeAsync(pushed)));
        pushed.Settled(old!);
        Assert.Equal(1, pushed.HandedOut);
    }

    [Fact]
    public async Task A_new_connection_makes_room_for_a_take_that_waits()
    {
        var pushed = Make(1, "a");
        Add(pushed, "a", "1");
        await TakeAsync(pushed);
        var waiting = TakeAsync(pushed);
        pushed.Begin(2);
        pushed.Add(Of("a", "1 again", 2));

        Assert.Equal("1 again", Text(await waiting.WaitAsync(Patience)));
    }

    [Fact]
    public async Task A_failure_is_thrown_by_every_take_from_then_on_the_first_one_counts()
    {
        var pushed = Make(1, "a");
        var waiting = TakeAsync(pushed);
        pushed.Fail(new TransportRefusedException("queue 'a' is gone"));
        pushed.Fail(new TransportRefusedException("and again"));

        Assert.Equal("queue 'a' is gone", (await Assert.ThrowsAsync<TransportRefusedException>(() => waiting.WaitAsync(Patience))).Message);
        await Assert.ThrowsAsync<TransportRefusedException>(() => TakeAsync(pushed));
        pushed.Cancel();
        Assert.Null(await TakeAsync(pushed));
    }

    [Fact]
    public async Task Many_takers_share_what_is_pushed_and_never_hold_more_than_the_prefetch()
    {
        const int messages = 2000, prefetch = 3;
        var pushed = Make(prefetch, "a", "b");
        var (taken, most) = (0, 0);
        var takers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (await pushed.TakeAsync(TimeProvider.System, default) is { } delivery)
            {
                InterlockedMax(ref most, pushed.HandedOut);
                pushed.Settled(delivery);
                if (Interlocked.Increment(ref taken) == messages)
                {
                    pushed.Cancel();
                }
            }
        })).ToList();
        for (var number = 0; number < messages; number++)
        {
            Assert.True(pushed.Add(Of(number % 2 == 0 ? "a" : "b", $"{number}", 1)));
        }
        await Task.WhenAll(takers).WaitAsync(Patience);

        Assert.Equal((messages, 0), (taken, pushed.HandedOut));
        Assert.InRange(most, 1, prefetch);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    private static PushedDeliveries Make(int prefetch, params string[] queues)
    {
        var pushed = new PushedDeliveries(new SubscriptionOptions(queues, prefetch));
        pushed.Begin(1);
        return pushed;
    }

    private void Add(PushedDeliveries pushed, string queue, params string[] texts) => Assert.All(texts, text => Assert.True(pushed.Add(Of(queue, text, 1))));

    private Delivery Of(string queue, string text, long generation) =>
        new(null!, new Message { Body = Encoding.UTF8.GetBytes(text) }, queue, new DeliveryClaim(++_tag, generation, 0));

    private static Task<Delivery?> TakeAsync(PushedDeliveries pushed) => pushed.TakeAsync(TimeProvider.System, default).AsTask();

    private static async Task<string[]> TakeAllAsync(PushedDeliveries pushed, int count)
    {
        var texts = new List<string>();
        while (texts.Count < count)
        {
            texts.Add(Text(await TakeAsync(pushed).WaitAsync(Patience)));
        }
        return [.. texts];
    }

    private static string Text(Delivery? delivery) => Encoding.UTF8.GetString(delivery!.Message.Body.Span);
}
