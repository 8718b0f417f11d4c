using Celeriac.Messaging.Stores;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class LeaseTests
{
    [Fact]
    public async Task A_claim_ends_once()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));
        var taken = Assert.Single(await store.TakeAsync(holder, queue));

        Assert.Equal(UnitStatus.Applied, await store.EndAsync(taken));
        Assert.Equal(UnitStatus.Lost, await store.EndAsync(taken));
    }

    [Fact]
    public async Task A_unit_with_a_lost_claim_writes_nothing_at_all()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));
        var taken = Assert.Single(await store.TakeAsync(holder, queue));
        store.Reclaim(store.ReadBeats());

        var answer = await store.CommitAsync(new StoreUnit { Claim = taken.Claim, Puts = [Put(queue, "follow-up")], Documents = [Document("k", "v")] });

        Assert.Equal(UnitStatus.Lost, answer.Status);
        Assert.Equal(1, (await store.CountAsync(queue, Now)).Ready);
        Assert.Empty(await store.ReadTextsAsync("k"));
    }

    [Fact]
    public async Task A_frozen_holder_cannot_end_what_another_has_claimed_since()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var frozen = await store.RegisterAsync("frozen", [queue]);
        await store.PutAsync(Put(queue, "m"));
        var old = Assert.Single(await store.TakeAsync(frozen, queue));

        Assert.Equal(1, store.Reclaim(store.ReadBeats()));
        var second = await store.RegisterAsync("second", [queue]);
        var claimed = Assert.Single(await store.TakeAsync(second, queue));

        Assert.Equal((true, 1), (claimed.Redelivered, claimed.Deaths));
        Assert.Equal(UnitStatus.Lost, await store.EndAsync(old));
        Assert.Equal(UnitStatus.Lost, await store.EndAsync(old with { Claim = old.Claim with { Holder = second } }));
        Assert.Equal(UnitStatus.Applied, await store.EndAsync(claimed));
    }

    [Fact]
    public async Task A_reclaimed_holder_takes_nothing_and_is_told_by_its_next_beat()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var gone = await store.RegisterAsync("gone", [queue]);
        store.Reclaim(store.ReadBeats());
        var live = await store.RegisterAsync("live", [queue]);
        await store.PutAsync(Put(queue, "m"));

        Assert.Empty(await store.TakeAsync(gone, queue));
        Assert.Equal([gone], store.Beat([gone, live], Now));
        Assert.Equal(new HolderBeat(live, "live", 1, TimeSpan.FromSeconds(10)), Assert.Single(store.ReadBeats()));
    }

    [Fact]
    public async Task A_holder_that_has_beaten_since_is_not_reclaimed()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));
        var taken = Assert.Single(await store.TakeAsync(holder, queue));
        var seen = store.ReadBeats();

        Assert.Empty(store.Beat([holder], Now));

        Assert.Equal(0, store.Reclaim(seen));
        Assert.Equal(UnitStatus.Applied, await store.EndAsync(taken));
    }

    [Fact]
    public async Task A_released_holder_gives_its_messages_back_in_place_and_without_a_death()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "1"), Put(queue, "2"), Put(queue, "3"));
        await store.TakeAsync(holder, queue, atMost: 2);

        await store.ReleaseHolderAsync(holder);
        var next = await store.RegisterAsync("next", [queue]);
        var taken = await store.TakeAsync(next, queue);

        Assert.Equal(["1", "2", "3"], taken.Bodies());
        Assert.Equal([(true, 0), (true, 0), (false, 0)], taken.Select(message => (message.Redelivered, message.Deaths)));
    }

    [Fact]
    public async Task A_returned_message_keeps_its_place_and_its_old_claim_is_void()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "1"), Put(queue, "2"));
        var first = Assert.Single(await store.TakeAsync(holder, queue, atMost: 1));

        await store.EndAsync(first, ClaimEnd.Return);
        var again = await store.TakeAsync(holder, queue);

        Assert.Equal(["1", "2"], again.Bodies());
        Assert.Equal(UnitStatus.Lost, await store.EndAsync(first));
    }

    [Fact]
    public async Task Numbers_of_holders_and_messages_are_never_used_again()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));
        var message = Assert.Single(await store.TakeAsync(holder, queue));
        await store.EndAsync(message);
        await store.ReleaseHolderAsync(holder);

        var next = await store.RegisterAsync("next", [queue]);
        await store.PutAsync(Put(queue, "n"));

        Assert.True(next > holder);
        Assert.True(Assert.Single(await store.TakeAsync(next, queue)).Claim.Tag > message.Claim.Tag);
    }

    [Fact]
    public async Task Housekeeping_needs_no_thread_of_the_pool()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        IReadOnlyList<long>? gone = null;
        // A thread without the pool, while every thread of the pool that can be had is blocked.
        using var release = new ManualResetEventSlim();
        var blocked = Enumerable.Range(0, 200).Select(_ => Task.Run(() => release.Wait(TimeSpan.FromSeconds(30)))).ToList();
        var housekeeping = new Thread(() =>
        {
            gone = store.Beat([holder], Now);
            store.Sweep(Now);
        });

        housekeeping.Start();
        var ended = housekeeping.Join(TimeSpan.FromSeconds(20));
        release.Set();
        await Task.WhenAll(blocked);

        Assert.True(ended);
        Assert.Empty(gone!);
    }
}
