using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class CommittingTests
{
    [Fact]
    public async Task Many_callers_share_few_commits()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var before = store.Commits;

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(number => Task.Run(() => store.PutAsync(Put(queue, $"{number}")))));

        Assert.InRange(store.Commits - before, 1, 500);
        Assert.Equal(2000, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_caller_whose_work_fails_does_not_spoil_the_others()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var guilty = new StorePut(queue, new Message { Body = default, Headers = TooDeep() }, "", "q");

        var innocent = Enumerable.Range(0, 100).Select(number => store.CommitAsync(new StoreUnit { Puts = [Put(queue, $"{number}")] })).ToList();
        var failing = store.CommitAsync(new StoreUnit { Puts = [Put(queue, "not alone"), guilty] });
        innocent.AddRange(Enumerable.Range(0, 100).Select(number => store.CommitAsync(new StoreUnit { Puts = [Put(queue, $"{number}")] })));

        Assert.All(await Task.WhenAll(innocent), answer => Assert.Equal(UnitStatus.Applied, answer.Status));
        var failed = await failing;
        Assert.Equal(UnitStatus.Failed, failed.Status);
        Assert.IsType<ArgumentException>(failed.Error);
        Assert.Equal(200, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_unit_that_fails_does_not_spoil_the_other_units_of_its_caller()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var guilty = new StorePut(queue, new Message { Body = default, Headers = TooDeep() }, "", "q");

        var answers = await store.CommitAsync([new StoreUnit { Puts = [Put(queue, "a")] }, new StoreUnit { Puts = [guilty] }, new StoreUnit { Puts = [Put(queue, "b")] }]);

        Assert.Equal([UnitStatus.Applied, UnitStatus.Failed, UnitStatus.Applied], answers.Select(answer => answer.Status));
        Assert.Equal(2, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_unit_routed_by_an_old_topology_is_refused_whole()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        var version = (await store.LookupAsync()).Version;
        await store.DeclareAsync("another");

        var stale = await store.CommitAsync(new StoreUnit { TopologyVersion = version, Puts = [Put(queue, "m")], Documents = [Document("k", "v")] });
        var fresh = await store.CommitAsync(new StoreUnit { TopologyVersion = version + 1, Puts = [Put(queue, "m")] });

        Assert.Equal((UnitStatus.StaleTopology, UnitStatus.Applied), (stale.Status, fresh.Status));
        Assert.Equal(1, (await store.CountAsync(queue, Now)).Ready);
        Assert.Empty(await store.ReadTextsAsync("k"));
    }

    [Fact]
    public async Task A_message_for_a_queue_that_is_gone_is_never_stored_out_of_sight()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();

        var answer = await store.CommitAsync(new StoreUnit { Puts = [Put(77, "m")] });

        Assert.Equal(UnitStatus.StaleTopology, answer.Status);
    }

    [Fact]
    public async Task A_caller_whose_token_ends_leaves_the_others_alone()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        using var ended = new CancellationTokenSource();
        await ended.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.CommitAsync([new StoreUnit { Puts = [Put(queue, "m")] }], ended.Token));
        await store.PutAsync(Put(queue, "n"));

        Assert.Equal(1, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_take_given_up_while_the_file_is_locked_claims_nothing()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?busy_timeout=10ms");
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        await store.PutAsync(Put(queue, "m"));
        using var token = new CancellationTokenSource();

        using (RawFile.Lock(file.Path))
        {
            var take = store.TakeAsync(new TakeRequest(holder, [queue], 1, Now), token.Token).AsTask();
            await file.Logs.WaitForAsync(404);
            await token.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => take);
        }

        Assert.Equal(new QueueCounts(1) { Unacknowledged = 0, Delayed = 0, Consumers = 1 }, await store.CountAsync(queue, Now));
    }

    [Fact]
    public async Task A_lock_held_longer_than_the_busy_timeout_is_waited_for_and_never_reported()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?busy_timeout=5ms");
        var queue = await store.DeclareAsync();
        Task put;

        using (RawFile.Lock(file.Path))
        {
            put = store.PutAsync(Put(queue, "m"));
            await file.Logs.WaitForAsync(404);
            Assert.False(put.IsCompleted);
        }
        await put;

        Assert.Equal(1, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_store_closes_while_another_process_holds_the_file_and_tells_its_callers()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?busy_timeout=10ms");
        var queue = await store.DeclareAsync();

        using (RawFile.Lock(file.Path))
        {
            var put = store.PutAsync(Put(queue, "m"));
            await file.Logs.WaitForAsync(404);
            await store.DisposeAsync();
            var answer = await Assert.ThrowsAnyAsync<Exception>(() => put);
            Assert.Contains("was closed while another process held it", answer.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Two_stores_write_to_one_file_at_the_same_time_and_nothing_is_lost()
    {
        await using var file = new TestFile();
        var stores = new[] { await file.OpenAsync(), await file.OpenAsync(), await file.OpenAsync() };
        var queue = await stores[0].DeclareAsync();

        await Task.WhenAll(stores.Select(store => Task.Run(async () =>
        {
            for (var number = 0; number < 300; number++)
            {
                await store.PutAsync(Put(queue, $"{number}"));
            }
        })));

        Assert.Equal(900, (await stores[1].CountAsync(queue, Now)).Ready);
        Assert.Empty(file.Logs.Of(404));
    }

    private static MessageHeaders TooDeep()
    {
        HeaderValue value = "bottom";
        for (var depth = 0; depth < HeaderCodec.MaximumDepth + 2; depth++)
        {
            value = HeaderValue.From([value]);
        }
        return new MessageHeaders([new("deep", value)]);
    }
}
