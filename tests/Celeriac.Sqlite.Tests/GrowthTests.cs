using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using static Celeriac.Sqlite.Tests.StoreWords;

namespace Celeriac.Sqlite.Tests;

public sealed class GrowthTests
{
    [Fact]
    public async Task Files_stay_small_however_many_messages_pass_through()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        var largest = 0L;

        // 30,000 messages of 2 kB, 60 MB in all and each written several times, at most 1,000 at a moment.
        for (var round = 0; round < 30; round++)
        {
            await store.PutAsync([.. Enumerable.Range(0, 1000).Select(_ => Put(queue, 2000))]);
            var taken = await store.TakeAsync(holder, queue, atMost: 1000);
            await store.CommitAsync([.. taken.Select(message => new StoreUnit { Claim = message.Claim, Documents = [Document($"{message.Claim.Tag % 50}", "r")] })]);
            largest = Math.Max(largest, new FileInfo(file.Path).Length);
        }

        Assert.InRange(largest, 0, 12L << 20);
        Assert.InRange(new FileInfo(file.Path + "-wal").Length, 0, 72L << 20);
    }

    [Fact]
    public async Task In_idle_time_the_log_is_cut_and_the_file_shrinks()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?synchronous=normal");
        var queue = await store.DeclareAsync();
        await store.PutAsync([.. Enumerable.Range(0, 12_000).Select(_ => Put(queue, 2000))]);
        await store.PurgeAsync(queue);
        Assert.InRange(new FileInfo(file.Path + "-wal").Length, 16L << 20, long.MaxValue);

        // On a machine under load the first idle time may have been before the purge.
        for (var times = 1; Size(file.Path) + Size(file.Path + "-wal") > 6L << 20; times++)
        {
            await file.Logs.WaitForAsync(408, times);
        }

        Assert.InRange(Size(file.Path), 0, 6L << 20);
        Assert.InRange(Size(file.Path + "-wal"), 0, 1L << 20);
        await store.PutAsync(Put(queue, "m"));
        Assert.Equal(1, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_full_file_refuses_what_does_not_fit_and_goes_on_when_there_is_room()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?max_size=1");
        var queue = await store.DeclareAsync();
        var holder = await store.RegisterAsync("h", [queue]);
        var stored = 0;
        UnitAnswer answer;
        while ((answer = await store.CommitAsync(new StoreUnit { Puts = [Put(queue, 50_000)] })).Status == UnitStatus.Applied)
        {
            stored++;
        }

        var error = Assert.IsType<TransportException>(answer.Error);
        Assert.Contains($"There is no room for '{file.Path}'", error.Message, StringComparison.Ordinal);
        Assert.InRange(stored, 5, 20);
        Assert.Equal(UnitStatus.Applied, (await store.CommitAsync(new StoreUnit { Puts = [Put(queue, "small")] })).Status);
        foreach (var message in await store.TakeAsync(holder, queue, atMost: 3))
        {
            Assert.Equal(UnitStatus.Applied, await store.EndAsync(message));
        }
        Assert.Equal(UnitStatus.Applied, (await store.CommitAsync(new StoreUnit { Puts = [Put(queue, 50_000)] })).Status);
        Assert.Equal("ok", RawFile.Text(file.Path, "PRAGMA integrity_check"));
    }

    [Fact]
    public async Task A_full_file_fails_only_the_units_that_do_not_fit()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync("?max_size=1");
        var queue = await store.DeclareAsync();

        var answers = await store.CommitAsync([
            new StoreUnit { Puts = [Put(queue, "before")] },
            new StoreUnit { Puts = [Put(queue, 3_000_000)] },
            new StoreUnit { Puts = [Put(queue, "after")] },
        ]);

        Assert.Equal([UnitStatus.Applied, UnitStatus.Failed, UnitStatus.Applied], answers.Select(answer => answer.Status));
        Assert.Equal(2, (await store.CountAsync(queue, Now)).Ready);
    }

    [Fact]
    public async Task A_full_file_opens_so_that_it_can_be_emptied()
    {
        await using var file = new TestFile();
        var store = await file.OpenAsync();
        var queue = await store.DeclareAsync();
        await store.PutAsync(Put(queue, 2_000_000));
        await store.DisposeAsync();

        var full = await file.OpenAsync("?max_size=1");

        Assert.Equal(1, await full.PurgeAsync(queue));
    }

    private static long Size(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
