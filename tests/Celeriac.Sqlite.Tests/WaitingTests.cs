using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class WaitingTests
{
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_waiter_wakes_when_its_own_store_writes()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var seen = store.Changes;

        var wait = store.WaitForChangeAsync(seen, LongEnough).AsTask();
        await store.PutAsync(Put(queue, "m"));
        await wait;

        Assert.NotEqual(seen, store.Changes);
    }

    [Fact]
    public async Task A_waiter_wakes_when_another_store_on_the_file_writes()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var other = await file.OpenAsync();
        var queue = await other.DeclareAsync();
        await SettleAsync(store);
        var seen = store.Changes;

        var wait = store.WaitForChangeAsync(seen, LongEnough).AsTask();
        await other.PutAsync(Put(queue, "m"));
        await wait;

        Assert.NotEqual(seen, store.Changes);
    }

    [Fact]
    public async Task A_change_between_looking_and_waiting_is_not_missed()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var other = await file.OpenAsync();
        var queue = await other.DeclareAsync();
        await SettleAsync(store);
        var seen = store.Changes;

        await other.PutAsync(Put(queue, "m"));
        await store.WaitForChangeAsync(seen, LongEnough);

        Assert.NotEqual(seen, store.Changes);
    }

    [Fact]
    public async Task A_wait_ends_after_its_time()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        await SettleAsync(store);
        var seen = store.Changes;

        await store.WaitForChangeAsync(seen, TimeSpan.FromMilliseconds(20));

        Assert.Equal(seen, store.Changes);
    }

    [Fact]
    public async Task A_token_ends_a_wait()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        await SettleAsync(store);
        using var token = new CancellationTokenSource();

        var wait = store.WaitForChangeAsync(store.Changes, LongEnough, token.Token).AsTask();
        await token.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }

    [Fact]
    public async Task Acknowledgements_and_takes_wake_nobody_in_their_own_process()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));
        var seen = store.Changes;

        await store.EndAsync(Assert.Single(await store.TakeAsync(holder, queue)));

        Assert.Equal(seen, store.Changes);
    }

    [Fact]
    public async Task Messages_between_two_stores_are_each_noticed_long_before_the_slow_poll()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var other = await file.OpenAsync("?synchronous=normal");
        var queue = await other.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        var answers = await other.RegisterAsync("o", [queue]);
        var start = TimeProvider.System.GetTimestamp();

        // A hundred changes of hands would take 25 seconds by the poll of 250 ms.
        for (var number = 0; number < 100; number++)
        {
            var (sender, receiver, by) = number % 2 == 0 ? (other, store, holder) : (store, other, answers);
            var take = TakeOneAsync(receiver, by, queue);
            await sender.PutAsync(Put(queue, $"{number}"));
            await take;
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0, 12);
    }

    private static async Task TakeOneAsync(SqliteQueueStore store, long holder, long queue)
    {
        while (true)
        {
            var seen = store.Changes;
            if ((await store.TakeAsync(holder, queue, atMost: 1)).Count > 0)
            {
                return;
            }
            await store.WaitForChangeAsync(seen, LongEnough);
        }
    }

    // Notices everything that was written before.
    private static async Task SettleAsync(SqliteQueueStore store)
    {
        long seen;
        do
        {
            seen = store.Changes;
            await store.WaitForChangeAsync(seen, TimeSpan.FromMilliseconds(1));
        }
        while (seen != store.Changes);
    }
}
