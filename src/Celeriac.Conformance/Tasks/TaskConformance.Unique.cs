using Celeriac.Messaging;

namespace Celeriac.Conformance;

// Unique tasks and checkpoints: what needs shared state, and is refused where there is none.
public abstract partial class TaskConformance<THarness>
{
    /// <summary>The second caller gets the first one's id, and its result.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_unique_task_that_is_under_way_is_not_sent_again()
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        var first = await Client.SendAsync(StateTasks.UniqueTask.S(GateName, 1));
        var second = await Client.SendAsync(StateTasks.UniqueTask.S(GateName, 2));
        var other = await Client.SendAsync(StateTasks.UniqueTask.S($"{GateName}-other", 3));
        Assert.Equal((first.Id, true), (second.Id, second.IsDuplicate));
        Assert.Equal((false, false), (first.IsDuplicate, other.IsDuplicate));
        Assert.NotEqual(first.Id, other.Id);
        await ReadyAsync(2);

        await Harness.StartWorkerAsync();
        await Gate.EnteredAsync(Patience);
        Assert.True((await Client.SendAsync(StateTasks.UniqueTask.S(GateName, 4))).IsDuplicate);
        Gate.Open();
        ConformanceTasks.GateOf($"{GateName}-other").Open();
        Assert.Equal((1, 1, 3), (await first.GetAsync(Patience), await second.GetAsync(Patience), await other.GetAsync(Patience)));

        // Whoever has the result may send at once.
        var next = await Client.SendAsync(StateTasks.UniqueTask.S(GateName, 5));
        Assert.False(next.IsDuplicate);
        Assert.Equal(5, await next.GetAsync(Patience));
    }

    /// <summary>At most one waits; while it runs, the next may wait.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_is_unique_until_started_is_sent_again_once_a_run_has_begun()
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        var first = await Client.SendAsync(StateTasks.UniqueInQueueTask.S(GateName, new() { ["a"] = 1, ["b"] = 2 }));
        Assert.Equal(first.Id, (await Client.SendAsync(StateTasks.UniqueInQueueTask.S(GateName, new() { ["b"] = 2, ["a"] = 1 }))).Id);
        Assert.False((await Client.SendAsync(StateTasks.UniqueInQueueTask.S(GateName, new() { ["a"] = 1, ["b"] = 3 }))).IsDuplicate);
        await Harness.StartWorkerAsync(options => options.Concurrency = 2);
        await Gate.EnteredAsync(Patience);
        await Gate.EnteredAsync(Patience);
        var next = await Client.SendAsync(StateTasks.UniqueInQueueTask.S(GateName, new() { ["a"] = 1, ["b"] = 2 }));
        Assert.False(next.IsDuplicate);
        Assert.True((await Client.SendAsync(StateTasks.UniqueInQueueTask.S(GateName, new() { ["a"] = 1, ["b"] = 2 }))).IsDuplicate);
        Gate.Open();
        Assert.Equal(("2", "2"), (await first.GetAsync(Patience), await next.GetAsync(Patience)));
    }

    /// <summary>Whatever the end, the next call is sent.</summary>
    [Theory(Timeout = Limit)]
    [MemberData(nameof(Ends))]
    public async Task A_unique_task_that_has_ended_may_be_sent_again(string how, int runs)
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        var expired = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        var signature = StateTasks.UniqueEndTask.S(GateName, how).Set(options => how == "expire" ? options with { Expires = expired } : options);
        var first = await Client.SendAsync(signature);
        Assert.True((await Client.SendAsync(signature)).IsDuplicate);
        await Harness.StartWorkerAsync();

        await Eventually(async () => !(await Client.SendAsync(signature)).IsDuplicate, "the next call is sent");
        await Eventually(() => Task.FromResult(Gate.Count >= runs), $"it has run {runs} times");
        Assert.NotEqual(TaskStates.Retry, await first.StateAsync());
    }

    /// <summary>A retry is the same task still: a claim of one second spans a retry in an hour.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_claim_is_kept_over_a_retry_however_late()
    {
        if (!await KeepsStateAsync() || !Can.Delay)
        {
            return;
        }
        var signature = StateTasks.UniqueRetryTask.S(GateName, 3600);
        await Harness.StartWorkerAsync();
        var first = await Client.SendAsync(signature);
        await Eventually(async () => await first.StateAsync() == TaskStates.Retry, "the retry is sent");
        using var longer = new PeriodicTimer(TimeSpan.FromSeconds(1.2));
        await longer.WaitForNextTickAsync(TestContext.Current.CancellationToken);

        Assert.Equal((first.Id, true), await Client.SendAsync(signature) is var second ? (second.Id, second.IsDuplicate) : default);
    }

    /// <summary>A message that is lost blocks nobody for ever.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_claim_ends_with_its_window_where_nobody_releases_it()
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        var signature = StateTasks.UniqueTask.S(GateName, 1).Set(options => options with { UniqueFor = TimeSpan.FromSeconds(1) });
        await Client.SendAsync(signature);
        Assert.True((await Client.SendAsync(signature)).IsDuplicate);
        await Eventually(async () => !(await Client.SendAsync(signature)).IsDuplicate, "the window is over");
    }

    /// <summary>Atomically at enqueue.</summary>
    [Fact(Timeout = Limit)]
    public async Task Of_many_equal_calls_at_once_one_is_sent()
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        var other = Harness.OpenClient();
        var sent = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => (number % 2 == 0 ? Client : other).SendAsync(StateTasks.UniqueTask.S(GateName, number)).AsTask()));
        Assert.Equal(1, sent.Count(task => !task.IsDuplicate));
        Assert.Single(sent.Select(task => task.Id).Distinct());
        await ReadyAsync(1);
    }

    /// <summary>Any task, by a key of the caller's.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_call_may_be_unique_by_a_key_of_its_own()
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        Signature<int> Call(int number, string key) => ConformanceTasks.AddTask.S(number, 0).Set(options => options with { Unique = UniqueUntil.Finished, UniqueKey = $"{GateName} {key} ü" });
        var first = await Client.SendAsync(Call(1, "a"));
        Assert.Equal(first.Id, (await Client.SendAsync(Call(2, "a"))).Id);
        Assert.False((await Client.SendAsync(Call(1, "b"))).IsDuplicate);
        Assert.False((await Client.SendAsync(ConformanceTasks.AddTask.S(1, 0))).IsDuplicate);
        await Harness.StartWorkerAsync();
        Assert.Equal(1, await first.GetAsync(Patience));
        Assert.Equal(3, await (await Client.SendAsync(Call(3, "a"))).GetAsync(Patience));
    }

    /// <summary>What could not be sent claims nothing; what may not have been sent may be sent again under its id.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_call_that_could_not_be_sent_leaves_no_claim_and_the_same_id_may_be_sent_twice()
    {
        if (!await KeepsStateAsync())
        {
            return;
        }
        var signature = StateTasks.UniqueTask.S(GateName, 1);
        var wrong = signature.Set(options => options with { Headers = new MessageHeaders([new("task", "mine")]) });
        await Assert.ThrowsAsync<ArgumentException>(async () => await Client.SendAsync(wrong));
        var first = await Client.SendAsync(signature);
        Assert.False(first.IsDuplicate);
        Assert.Equal((first.Id, false), await Client.SendAsync(signature.Set(options => options with { TaskId = first.Id })) is var again ? (again.Id, again.IsDuplicate) : default);
        Assert.True((await Client.SendAsync(signature)).IsDuplicate);
    }

    /// <summary>A retry goes on where the last run was, and the end clears up.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_checkpoint_is_found_again_after_each_retry_and_is_gone_at_the_end()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(StateTasks.StepsTask.S(3));
        if (Client.State is not { } state)
        {
            Assert.Contains("state_store", (await FailureOf(sent)).RemoteMessage, StringComparison.Ordinal);
            return;
        }
        Assert.Equal("0,1,2", await sent.GetAsync(Patience));
        await Eventually(async () => (await state.ReadAsync([$"checkpoint/{sent.Id}"])).Entries.Count == 0, "the checkpoint is deleted");
    }

    /// <summary>A deploy in the middle of a run.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_checkpoint_is_found_by_the_worker_that_goes_on_with_the_task()
    {
        if (Client.State is null)
        {
            return;
        }
        var first = await Harness.StartWorkerAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        var sent = await Client.SendAsync(StateTasks.ResumedTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Harness.StopWorkerAsync(first);
        await Harness.StartWorkerAsync();
        await Gate.EnteredAsync(Patience);
        Gate.Open();
        Assert.Equal($"after {first.Node}", await sent.GetAsync(Patience));
        await Eventually(async () => (await Client.State.ReadAsync([$"checkpoint/{sent.Id}"])).Entries.Count == 0, "the checkpoint is deleted");
    }

    /// <summary>A small state, no second result.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_checkpoint_over_64_KiB_is_refused_in_words()
    {
        await Harness.StartWorkerAsync();
        var error = await FailureOf(await Client.SendAsync(StateTasks.LargeCheckpointTask.S(65 * 1024)));
        Assert.Contains(Client.State is null ? "state_store" : "at most 65536", error.RemoteMessage, StringComparison.Ordinal);
    }

    /// <summary>Whether there is shared state; where there is none, a unique call is refused in words and nothing is sent.</summary>
    private async Task<bool> KeepsStateAsync()
    {
        if (Client.State is not null)
        {
            return true;
        }
        var refusal = await Assert.ThrowsAsync<SharedStateException>(async () => await Client.SendAsync(StateTasks.UniqueTask.S(GateName, 1)));
        Assert.Contains("state_store", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("redis://", refusal.Message, StringComparison.Ordinal);
        await Transport.DeclareAsync(Topology.Queue(Harness.Queue));
        await ReadyAsync(0);
        return false;
    }
}
