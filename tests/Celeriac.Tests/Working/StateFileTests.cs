using Celeriac.Events;
using Celeriac.Tests.SharedState;
using Celeriac.Working;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Tests.Working;

public sealed class StateFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-statedb-");

    private string FilePath => Path.Combine(_folder.FullName, "worker.state");

    [Fact]
    public async Task What_is_revoked_and_the_clock_outlive_the_worker()
    {
        var before = new Revocations(TimeProvider.System);
        before.Add(["a", "b ü\""]);
        before.Add(["old"], TimeSpan.FromHours(2));
        before.AddStamps("tenant", ["acme"]);
        var clock = new LogicalClock();
        clock.Adjust(4711);
        await SaveAsync(before, clock);

        var (after, later) = Load();
        Assert.Equal(["a", "b ü\"", "old"], after.Ids.Select(entry => entry.Id).Order(StringComparer.Ordinal));
        Assert.InRange(after.Ids.Single(entry => entry.Id == "old").Age.TotalHours, 1.99, 2.1);
        Assert.Equal([("tenant", "acme")], after.Stamps);
        Assert.True(later.Now > 4711);
        Assert.Equal([FilePath], Directory.GetFiles(_folder.FullName));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"version\":1,\"clock\":1")]
    [InlineData("{\"revoked\":{}}")]
    [InlineData("{\"version\":1,\"clock\":1,\"revoked\":{\"a\":\"b\"},\"stamps\":[]}")]
    [InlineData("\u0000\u0001 no json")]
    public async Task A_damaged_file_is_put_aside_and_the_worker_begins_anew(string content)
    {
        await File.WriteAllTextAsync(FilePath, content, TestContext.Current.CancellationToken);
        var (revocations, clock) = Load();
        Assert.Empty(revocations.Ids);
        Assert.True(File.Exists($"{FilePath}.damaged"));
        await SaveAsync(revocations, clock);
        Load();
        Assert.True(File.Exists(FilePath));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_told_at_the_start()
    {
        var file = new StateFile(Path.Combine(_folder.FullName, "none", "x"), new Revocations(TimeProvider.System), new LogicalClock(), TimeProvider.System, NullLogger.Instance);
        Assert.Contains("worker_state_db", Assert.Throws<DirectoryNotFoundException>(file.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_path_may_name_the_node() => Assert.Equal("w1/host.x/w1@host.x.db", StateFile.PathOf("%n/%h/%p.db", "w1@host.x"));

    [Fact]
    public async Task A_worker_finds_again_what_it_was_told_before_it_was_restarted()
    {
        var cancelled = TestContext.Current.CancellationToken;
        var options = new WorkerOptions { NodeName = "w@test", StateFile = Path.Combine(_folder.FullName, "%n.state") };
        await using (var client = TaskClient.Open($"memory://{Guid.NewGuid():N}"))
        {
            await RunAsync(client, options, async worker =>
            {
                Assert.Single(await client.Control.RevokeAsync("gone", options: new ControlOptions { Limit = 1, Timeout = TimeSpan.FromSeconds(30) }, cancellationToken: cancelled));
                Assert.True(worker.State.Revocations.Contains(RevocationLogTests.Request("gone")));
            });
        }
        // Another broker, so that nothing but the file can tell it.
        await using var other = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        await RunAsync(other, options, worker =>
        {
            Assert.True(worker.State.Revocations.Contains(RevocationLogTests.Request("gone")));
            return Task.CompletedTask;
        });
        Assert.Equal([Path.Combine(_folder.FullName, "w.state")], Directory.GetFiles(_folder.FullName));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task RunAsync(TaskClient client, WorkerOptions options, Func<Worker, Task> work)
    {
        using var stop = new CancellationTokenSource();
        var worker = new Worker(client, new TaskRegistry([]), options, new CeleriacOptions());
        var run = worker.RunAsync(stop.Token);
        await Task.WhenAll(worker.Ready, worker.Listening).WaitAsync(TestContext.Current.CancellationToken);
        await work(worker);
        await stop.CancelAsync();
        await run;
    }

    private async Task SaveAsync(Revocations revocations, LogicalClock clock)
    {
        using var stop = new CancellationTokenSource();
        var watching = new StateFile(FilePath, revocations, clock, TimeProvider.System, NullLogger.Instance).WatchAsync(stop.Token);
        await stop.CancelAsync();
        await watching;
    }

    private (Revocations Revocations, LogicalClock Clock) Load()
    {
        var (revocations, clock) = (new Revocations(TimeProvider.System), new LogicalClock());
        new StateFile(FilePath, revocations, clock, TimeProvider.System, NullLogger.Instance).Load();
        return (revocations, clock);
    }
}
