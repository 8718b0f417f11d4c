using System.Text.Json.Nodes;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.SharedState;
using Celeriac.Working;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Tests.SharedState;

public sealed class RevocationLogTests
{
    private readonly IStateStore _store = new MemoryQueueStore(TimeProvider.System).State;

    [Fact]
    public async Task Workers_that_hear_the_same_command_keep_it_once()
    {
        var workers = Enumerable.Range(0, 8).Select(number => Worker(out var _)).ToList();
        await Task.WhenAll(workers.Select(worker => worker.AddAsync(new RevokedTasks(["a", "b"], [KeyValuePair.Create("tenant", "acme")]), isForAll: true).AsTask()));
        var entries = await EntriesAsync();
        Assert.Equal(["a", "b"], entries.SelectMany(entry => entry.Ids));
        Assert.Equal([KeyValuePair.Create("tenant", "acme")], entries.SelectMany(entry => entry.Stamps));
        workers.ForEach(worker => worker.Dispose());
    }

    [Fact]
    public async Task A_worker_does_not_keep_again_what_the_client_has_kept()
    {
        await new RevocationLog(_store).AppendAsync(new RevokedTasks(["a"], []), TimeProvider.System, Cancelled);
        using var worker = Worker(out var revocations);
        await worker.CatchUpAsync(Cancelled);
        await worker.AddAsync(new RevokedTasks(["a"], []), isForAll: true);
        Assert.Single(await EntriesAsync());
        Assert.True(revocations.Contains(Request("a")));
    }

    [Fact]
    public async Task What_only_some_workers_are_told_is_not_kept_for_the_others()
    {
        using var worker = Worker(out var revocations);
        await worker.AddAsync(new RevokedTasks(["a"], []), isForAll: false);
        Assert.Empty(await EntriesAsync());
        Assert.True(revocations.Contains(Request("a")));
    }

    [Fact]
    public async Task A_thousand_ids_are_kept_in_parts_and_all_found()
    {
        string[] ids = [.. Enumerable.Range(0, 1000).Select(number => $"{number}")];
        await new RevocationLog(_store).AppendAsync(new RevokedTasks(ids, []), TimeProvider.System, Cancelled);
        Assert.Equal(ids, (await EntriesAsync()).SelectMany(entry => entry.Ids));
        using var worker = Worker(out var revocations);
        await worker.CatchUpAsync(Cancelled);
        Assert.Equal(1000, revocations.Ids.Count);
    }

    [Fact]
    public async Task A_log_that_was_emptied_is_followed_from_its_new_beginning()
    {
        var log = new RevocationLog(_store);
        await log.AppendAsync(new RevokedTasks(["a"], []), TimeProvider.System, Cancelled);
        await log.AppendAsync(new RevokedTasks(["b"], []), TimeProvider.System, Cancelled);
        using var worker = Worker(out var revocations);
        await worker.CatchUpAsync(Cancelled);
        foreach (var entry in (await _store.ListAsync("revoked/", 100, cancellationToken: Cancelled)).Entries)
        {
            await _store.TryWriteAsync([new StateChange(entry.Key, null), new StateChange("revocations/end", null)], Cancelled);
        }
        await log.AppendAsync(new RevokedTasks(["c"], []), TimeProvider.System, Cancelled);
        await worker.CatchUpAsync(Cancelled);
        Assert.True(revocations.Contains(Request("c")));
    }

    [Fact]
    public async Task While_nothing_is_revoked_following_reads_one_key_and_nothing_else()
    {
        var counted = new CountedState(_store);
        using var worker = new KeptRevocations(new StateHome(counted, "", null, TimeProvider.System), new Revocations(TimeProvider.System), "w@test", TimeProvider.System, NullLogger.Instance);
        await worker.CatchUpAsync(Cancelled);
        await worker.CatchUpAsync(Cancelled);
        Assert.Equal((2, 0), (counted.Reads, counted.Lists));
    }

    [Theory]
    [InlineData("revoke", """{"task_id":"a"}""", "a")]
    [InlineData("revoke", """{"task_id":["a","b"],"terminate":true}""", "a,b")]
    [InlineData("terminate", """{"signal":"SIGKILL","task_id":["a"]}""", "a")]
    [InlineData("revoke_by_stamped_headers", """{"headers":{"t":["x","y"],"u":7}}""", "t=x,t=y,u=7")]
    [InlineData("revoke_by_stamped_headers", """{"headers":["t=x","wrong"]}""", "t=x")]
    public void A_command_tells_what_it_takes_back(string command, string arguments, string expected)
    {
        var tasks = Assert.IsType<RevokedTasks>(RevokedTasks.Of(command, JsonNode.Parse(arguments)!.AsObject()));
        Assert.Equal(expected, string.Join(',', tasks.Ids.Concat(tasks.Stamps.Select(stamp => $"{stamp.Key}={stamp.Value}"))));
        Assert.Null(RevokedTasks.Of("rate_limit", JsonNode.Parse(arguments)!.AsObject()));
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private KeptRevocations Worker(out Revocations revocations)
    {
        revocations = new Revocations(TimeProvider.System);
        return new KeptRevocations(new StateHome(_store, "", null, TimeProvider.System), revocations, "w@test", TimeProvider.System, NullLogger.Instance);
    }

    private async Task<List<RevokedTasks>> EntriesAsync()
    {
        var entries = new List<RevokedTasks>();
        await foreach (var (tasks, age) in new RevocationLog(_store).ReadAsync(0, Cancelled))
        {
            Assert.InRange(age, TimeSpan.FromSeconds(-1), TimeSpan.FromMinutes(1));
            entries.Add(tasks);
        }
        return entries;
    }

    internal static TaskRequest Request(string id) => new()
    {
        Id = id,
        Task = "t",
        Body = default,
        Args = default,
        Kwargs = default,
        Message = new Message { Body = default, Headers = MessageHeaders.Empty },
    };

    private sealed class CountedState(IStateStore store) : IStateStore
    {
        public int Reads { get; private set; }

        public int Lists { get; private set; }

        public ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
        {
            Reads += keys.Count;
            return store.ReadAsync(keys, cancellationToken);
        }

        public ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default) => store.TryWriteAsync(changes, cancellationToken);

        public ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default)
        {
            Lists++;
            return store.ListAsync(prefix, limit, after, cancellationToken);
        }
    }
}
