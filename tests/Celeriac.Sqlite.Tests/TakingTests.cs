using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Writing;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class TakingTests
{
    [Fact]
    public async Task Messages_come_by_priority_and_then_by_age()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);

        await store.PutAsync(Put(queue, "a"), Put(queue, "b", priority: 9), Put(queue, "c"), Put(queue, "d", priority: 9), Put(queue, "e", priority: 255));

        Assert.Equal(["e", "b", "d", "a", "c"], (await store.TakeAsync(holder, queue)).Bodies());
    }

    [Fact]
    public async Task A_message_comes_back_as_it_was_put()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        var message = new Message
        {
            Body = new byte[] { 0, 1, 255 },
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = "id\0with NUL and ü",
            ReplyTo = "",
            MessageId = new string('m', 3000),
            Priority = 200,
            Expiration = TimeSpan.FromTicks(123456789),
            Persistent = false,
            Headers = new MessageHeaders([new("text", "τ"), new("none", HeaderValue.Null), new("number", -1)]),
        };

        await store.PutAsync(new StorePut(queue, message, "exchange", "key"));
        var taken = Assert.Single(await store.TakeAsync(holder, queue));

        Assert.Equal(message with { Body = taken.Message.Body }, taken.Message);
        Assert.Equal(message.Body.ToArray(), taken.Message.Body.ToArray());
        Assert.Equal(("exchange", "key", false, 0), (taken.Exchange, taken.RoutingKey, taken.Redelivered, taken.Deaths));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(3_000_000)]
    public async Task Bodies_of_all_sizes_survive_a_claim_a_return_and_leave_nothing_behind(int size)
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        var body = new byte[size];
        new Random(size).NextBytes(body);

        await store.PutAsync(new StorePut(queue, new Message { Body = body }, "", "q"));
        await store.EndAsync((await store.TakeAsync(holder, queue))[0], ClaimEnd.Return);
        var taken = Assert.Single(await store.TakeAsync(holder, queue));

        Assert.Equal(body, taken.Message.Body.ToArray());
        Assert.Equal(UnitStatus.Applied, await store.EndAsync(taken));
        Assert.Equal(0, RawFile.Number(file.Path, "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM ready) + (SELECT count(*) FROM claims)"));
    }

    [Fact]
    public async Task Queues_are_served_in_the_order_asked_for_and_the_first_that_is_gone_is_named()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var first = await store.DeclareAsync("first");
        var second = await store.DeclareAsync("second");
        var holder = await store.RegisterAsync("h", [first, second]);
        await store.PutAsync(Put(first, "1"), Put(second, "2"), Put(second, "3"));

        var answer = await store.TakeAsync(new TakeRequest(holder, [second, 999, first], 2, Now));

        Assert.Equal(["2", "3"], answer.Messages.Bodies());
        Assert.Equal(999, answer.UnknownQueue);
    }

    [Fact]
    public async Task A_delayed_message_waits_and_the_answer_says_until_when()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "late", due: Now + 100), Put(queue, "later", due: Now + 200));

        var early = await store.TakeAsync(new TakeRequest(holder, [queue], 10, Now + 99));
        var due = await store.TakeAsync(new TakeRequest(holder, [queue], 10, Now + 100));

        Assert.Empty(early.Messages);
        Assert.Equal(Now + 100, early.NextDue);
        Assert.Equal(["late"], due.Messages.Bodies());
        Assert.Equal(Now + 200, due.NextDue);
    }

    [Fact]
    public async Task A_take_that_finds_nothing_writes_nothing()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "late", due: Now + 100));
        var before = store.Commits;

        for (var poll = 0; poll < 20; poll++)
        {
            Assert.Empty(await store.TakeAsync(holder, queue));
        }

        Assert.Equal(before, store.Commits);
    }

    [Fact]
    public async Task Only_what_has_expired_is_taken_by_the_sweep_and_expired_messages_are_not_counted_as_ready()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "fresh", expiresAt: Now + 1), Put(queue, "old", expiresAt: Now), Put(queue, "timeless"));

        var counts = await store.CountAsync(queue, Now);
        var expired = await store.TakeAsync(new TakeRequest(holder, [queue], 10, Now) { ExpiredOnly = true });

        Assert.Equal(2, counts.Ready);
        Assert.Equal(["old"], expired.Messages.Bodies());
        Assert.Equal(Now, expired.Messages[0].ExpiresAt);
    }

    [Fact]
    public async Task A_count_tells_ready_delayed_claimed_and_consumers_apart()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.RegisterAsync("other", [queue]);
        await store.PutAsync(Put(queue, "a"), Put(queue, "b"), Put(queue, "due", due: Now), Put(queue, "late", due: Now + 1));
        await store.TakeAsync(holder, queue, atMost: 1, now: Now - 1);

        Assert.Equal(new QueueCounts(2) { Unacknowledged = 1, Delayed = 1, Consumers = 2 }, await store.CountAsync(queue, Now));
    }

    [Fact]
    public async Task A_purge_drops_ready_and_delayed_messages_and_leaves_claimed_ones()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var other = await store.DeclareAsync("other");
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync([.. Enumerable.Range(0, 12_000).Select(number => Put(queue, "m", due: number % 2 == 0 ? 0 : Now + 5)), Put(other, "kept")]);
        var claimed = Assert.Single(await store.TakeAsync(holder, queue, atMost: 1));

        Assert.Equal(11_999, await store.PurgeAsync(queue));

        Assert.Equal(UnitStatus.Applied, await store.EndAsync(claimed));
        Assert.Equal(1, (await store.CountAsync(other, Now)).Ready);
    }

    [Fact]
    public async Task Very_large_bodies_come_in_several_takes()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        for (var number = 0; number < 5; number++)
        {
            await store.PutAsync(Put(queue, 10 * 1024 * 1024));
        }

        var first = await store.TakeAsync(holder, queue);
        var second = await store.TakeAsync(holder, queue);

        Assert.Equal((4, 1), (first.Count, second.Count));
    }

    [Fact]
    public async Task Many_delayed_messages_are_not_in_the_way_of_a_ready_one()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync([.. Enumerable.Range(1, 20_000).Select(number => Put(queue, "later", due: Now + number))]);
        await store.PutAsync(Put(queue, "now"));

        Assert.Equal(["now"], (await store.TakeAsync(holder, queue)).Bodies());
        Assert.Equal("SEARCH r USING PRIMARY KEY (queue=?)", RawFile.Explain(file.Path, TakeStatements.SelectReady));
        Assert.Equal("SEARCH delayed USING PRIMARY KEY (queue=? AND due<?)", RawFile.Explain(file.Path, "SELECT id " + TakeStatements.SelectDue));
    }

    [Fact]
    public async Task Thousands_due_at_the_same_moment_all_come()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync([.. Enumerable.Range(0, 2500).Select(number => Put(queue, $"{number}", due: Now))]);

        var taken = new List<string>();
        while (await store.TakeAsync(holder, queue, atMost: 700) is { Count: > 0 } messages)
        {
            taken.AddRange(messages.Bodies());
        }

        Assert.Equal(Enumerable.Range(0, 2500).Select(number => $"{number}"), taken);
    }
}
