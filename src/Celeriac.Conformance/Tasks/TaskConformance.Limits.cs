using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

// Limits that all workers count together, and pauses: what needs shared state, and is refused where there is none.
public abstract partial class TaskConformance<THarness>
{
    /// <summary>The rate is that of all workers together, for each tenant, however the tenant is given.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_rate_for_the_cluster_holds_over_two_workers_and_for_each_tenant()
    {
        if (!await KeepsLimitsAsync(LimitTasks.PacedTask.S("", "")))
        {
            return;
        }
        const int Each = 13;
        var ledger = Harness.NewFolder();
        var (a, b) = ($"{GateName}-a", $"{GateName}-b");
        await Harness.StartWorkerAsync();
        await Harness.StartWorkerAsync();
        var sent = await Task.WhenAll(Enumerable.Range(0, 2 * Each).Select(number => Client.SendAsync(LimitTasks.PacedTask.S(ledger, number % 2 == 0 ? a : b)).AsTask()));
        foreach (var task in sent)
        {
            await task.GetAsync(Patience);
        }
        Assert.All([a, b], tenant => AssertPaced(ledger, tenant, Each));
        // Each tenant has its own rate: together they take as long as one.
        Assert.True(StartsOf(ledger, b)[0] < StartsOf(ledger, a)[^1], "the tenants take turns");
    }

    /// <summary>What has to wait does not fill what the worker has fetched.</summary>
    [Fact(Timeout = Limit)]
    public async Task The_backlog_of_one_tenant_does_not_hold_up_another()
    {
        if (!await KeepsLimitsAsync(LimitTasks.SlowPaceTask.S("", "")) || !Can.Delay)
        {
            return;
        }
        await Client.SendManyAsync(Enumerable.Range(0, 40).Select(_ => LimitTasks.SlowPaceTask.S(GateName, $"{GateName}-full")));
        var other = await Client.SendAsync(LimitTasks.SlowPaceTask.S(GateName, $"{GateName}-small"));
        var plain = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 2));
        await Harness.StartWorkerAsync(options => options.Concurrency = 4);
        Assert.Equal(3, await plain.GetAsync(Patience));
        Assert.Equal($"{GateName}-small", await other.GetAsync(Patience));
        // The small tenant's, and of the full one no more than what ten seconds apart allows.
        Assert.InRange(Gate.Count, 1, 4);
    }

    /// <summary>At most so many of a tenant, wherever they run, and the next one follows.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_concurrency_limit_holds_over_two_workers_and_for_each_tenant()
    {
        if (!await KeepsLimitsAsync(LimitTasks.NarrowTask.S("")))
        {
            return;
        }
        await Harness.StartWorkerAsync();
        await Harness.StartWorkerAsync();
        var sent = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Client.SendAsync(LimitTasks.NarrowTask.S(GateName)).AsTask()));
        await Gate.EnteredAsync(Patience);
        await Gate.EnteredAsync(Patience);
        var other = ConformanceTasks.GateOf($"{GateName}-other");
        other.Open();
        await (await Client.SendAsync(LimitTasks.NarrowTask.S($"{GateName}-other"))).GetAsync(Patience);
        Assert.Equal(2, Gate.Count);

        Gate.Open();
        foreach (var task in sent)
        {
            await task.GetAsync(Patience);
        }
        Assert.Equal(6, Gate.Count);
    }

    /// <summary>Whatever the end, the place is free for the next.</summary>
    [Theory(Timeout = Limit)]
    [MemberData(nameof(Ends))]
    public async Task A_place_under_a_concurrency_limit_comes_free_at_every_end(string how, int runs)
    {
        if (!await KeepsLimitsAsync(LimitTasks.NarrowEndTask.S("", "")))
        {
            return;
        }
        var expired = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await Client.SendAsync(LimitTasks.NarrowEndTask.S(GateName, how).Set(options => how == "expire" ? options with { Expires = expired } : options));
        await Harness.StartWorkerAsync();
        await Eventually(() => Task.FromResult(Gate.Count >= runs), $"it has run {runs} times");
        Assert.Equal(0, await (await Client.SendAsync(LimitTasks.NarrowEndTask.S(GateName, "succeed"))).GetAsync(Patience));
    }

    /// <summary>A deploy in the middle of a run: the place goes with the task.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_place_under_a_concurrency_limit_comes_free_when_its_worker_stops()
    {
        if (!await KeepsLimitsAsync(LimitTasks.NarrowTask.S("")))
        {
            return;
        }
        var first = await Harness.StartWorkerAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Client.SendAsync(LimitTasks.NarrowTask.S(GateName)).AsTask()));
        await Gate.EnteredAsync(Patience);
        await Gate.EnteredAsync(Patience);
        await Harness.StopWorkerAsync(first);
        var second = await Harness.StartWorkerAsync();
        await Gate.EnteredAsync(Patience);
        await Gate.EnteredAsync(Patience);
        Gate.Open();
        foreach (var task in sent)
        {
            Assert.Equal(second.Node, await task.GetAsync(Patience));
        }
    }

    /// <summary>Two worker processes count together.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task Limits_for_the_cluster_hold_over_two_processes()
    {
        if (Client.State is null || !SharesProcesses())
        {
            return;
        }
        var (paced, narrow) = (Harness.NewFolder(), Path.Combine(Harness.NewFolder(), "narrow"));
        await using var client = Harness.OpenClient(QuickUrl);
        await using var first = await StartWorkerProcessAsync("first@test");
        await using var second = await StartWorkerProcessAsync("second@test");
        var turns = await Task.WhenAll(Enumerable.Range(0, 17).Select(_ => client.SendAsync(LimitTasks.PacedTask.S(paced, "one")).AsTask()));
        var runs = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.SendAsync(LimitTasks.NarrowLedgerTask.S(narrow, 150)).AsTask()));
        foreach (var task in turns.Concat(runs))
        {
            await task.GetAsync(TimeSpan.FromSeconds(60));
        }
        AssertPaced(paced, "one", 17);
        var entries = Entries(narrow).Select(entry => entry.Split(' ')).Select(parts => (Begun: Number(parts[0]), Ended: Number(parts[1]))).ToList();
        Assert.Equal(12, entries.Count);
        Assert.All(entries, run => Assert.InRange(entries.Count(other => other.Begun <= run.Begun && run.Begun < other.Ended), 1, 2));
    }

    /// <summary>The place of a killed worker is not lost.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task The_place_of_a_killed_worker_comes_free_after_its_lease()
    {
        if (Client.State is null || !SharesProcesses())
        {
            return;
        }
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var sent = await client.SendAsync(LimitTasks.NarrowRelayTask.S(ledger));
        await using var victim = await StartWorkerProcessAsync("victim@test");
        await Eventually(() => Task.FromResult(Entries(ledger).Contains("begun victim@test")));
        await using var survivor = await StartWorkerProcessAsync("survivor@test");
        var next = await client.SendAsync(LimitTasks.NarrowRelayTask.S(ledger));
        await victim.KillAsync();
        await File.WriteAllTextAsync($"{ledger}.survivor@test", "");
        Assert.Equal(("survivor@test", "survivor@test"), (await sent.GetAsync(TimeSpan.FromSeconds(60)), await next.GetAsync(TimeSpan.FromSeconds(60))));
    }

    /// <summary>A worker that could not keep its tasks' limits does not begin.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_worker_whose_tasks_have_limits_for_the_cluster_needs_shared_state()
    {
        if (Client.State is not null)
        {
            return;
        }
        var refusal = await Assert.ThrowsAsync<SharedStateException>(() => Harness.StartWorkerAsync(knows: LimitTasks.NeedsState));
        Assert.Contains("state_store", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Nothing more is begun, what was fetched goes back, what runs ends, other queues go on, and later workers know.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_paused_queue_is_left_alone_by_all_workers_until_it_is_resumed()
    {
        if (Client.State is null)
        {
            var refusal = await Assert.ThrowsAsync<SharedStateException>(async () => await Client.Control.PauseAsync(Harness.Queue));
            Assert.Contains("state_store", refusal.Message, StringComparison.Ordinal);
            Assert.Empty(await Client.Control.PausedAsync());
            return;
        }
        var side = $"{Harness.Queue}-side";
        void Configure(WorkerOptions options) => (options.Concurrency, options.Prefetch, options.Queues) = (1, 4, [Harness.Queue, side]);
        await Harness.StartWorkerAsync(Configure);
        var running = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        var waiting = await Task.WhenAll(Enumerable.Range(0, 3).Select(number => Client.SendAsync(ConformanceTasks.AddTask.S(number, 0)).AsTask()));
        Assert.True(await Client.Control.PauseAsync(Harness.Queue));
        Assert.False(await Client.Control.PauseAsync(Harness.Queue));
        Assert.Contains(Harness.Queue, await Client.Control.PausedAsync());
        await Eventually(async () => await TellsOfPauseAsync(), "the worker tells that the queue is paused");

        Gate.Open();
        await running.GetAsync(Patience);
        await Harness.StartWorkerAsync(Configure);
        var beside = await Client.SendAsync(ConformanceTasks.AddTask.S(20, 22).Set(options => options with { Queue = side }));
        Assert.Equal(42, await beside.GetAsync(Patience));
        await ReadyAsync(3);

        Assert.True(await Client.Control.ResumeAsync(Harness.Queue));
        Assert.False(await Client.Control.ResumeAsync(Harness.Queue));
        foreach (var (number, task) in waiting.Index())
        {
            Assert.Equal(number, await task.GetAsync(Patience));
        }
        Assert.DoesNotContain(Harness.Queue, await Client.Control.PausedAsync());
        await NothingIsLeftAsync();
    }

    private async Task<bool> TellsOfPauseAsync() =>
        (await Client.Inspect.ActiveQueuesAsync(new ControlOptions { Timeout = TimeSpan.FromSeconds(2), Limit = 1 }))
            .Any(node => node.Value?.Any(queue => queue.Name == Harness.Queue && queue.Raw.TryGetProperty("paused", out var paused) && paused.GetBoolean()) is true);

    /// <summary>Whether there is shared state; where there is none, the call is refused in words and nothing is sent.</summary>
    private async Task<bool> KeepsLimitsAsync(Signature limited)
    {
        if (Client.State is not null)
        {
            return true;
        }
        var refusal = await Assert.ThrowsAsync<SharedStateException>(async () => await Client.SendAsync(limited));
        Assert.Contains("state_store", refusal.Message, StringComparison.Ordinal);
        await Transport.DeclareAsync(Topology.Queue(Harness.Queue));
        await ReadyAsync(0);
        return false;
    }

    /// <summary>Four a second; a turn that the broker brings back may be up to two seconds late, beside the next one's.</summary>
    private static void AssertPaced(string ledger, string tenant, int count)
    {
        var starts = StartsOf(ledger, tenant);
        Assert.True(count == starts.Count, $"{starts.Count} runs of {count} tasks:\n{string.Join('\n', Entries(ledger).Order(StringComparer.Ordinal))}");
        var took = TimeSpan.FromTicks(starts[^1] - starts[0]).TotalSeconds;
        Assert.True(took >= (count - 1) / 4.0 - 2.1, $"{count} starts took {took} s");
    }

    private static List<long> StartsOf(string ledger, string tenant) =>
        [.. Entries(ledger).Select(entry => entry.Split(' ')).Where(parts => parts[0] == tenant).Select(parts => Number(parts[1])).Order()];

    private static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
}
