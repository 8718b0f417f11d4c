namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>A stopping worker lets its tasks finish.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_stopping_worker_finishes_the_task_it_runs()
    {
        var worker = await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        var stopping = Harness.StopWorkerAsync(worker);
        Gate.Open();
        await stopping;

        Assert.Equal(worker.Node, await sent.GetAsync(Patience));
        await ReadyAsync(0);
    }

    /// <summary>What was fetched and not begun goes back untouched.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_stopping_worker_gives_back_what_it_has_not_begun()
    {
        var worker = await Harness.StartWorkerAsync(options =>
        {
            options.Concurrency = 1;
            options.Prefetch = 10;
        });
        var first = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        for (var number = 0; number < 5; number++)
        {
            await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        }
        var stopping = Harness.StopWorkerAsync(worker);
        Gate.Open();
        await stopping;

        Assert.Equal(worker.Node, await first.GetAsync(Patience));
        await ReadyAsync(5);
        Assert.Equal(1, Gate.Count);
    }

    /// <summary>A deploy is nobody's death: also where a first death is the last, what was fetched runs in the next worker.</summary>
    [Fact(Timeout = Limit)]
    public async Task What_a_stopping_worker_has_given_back_runs_although_it_may_cost_no_death()
    {
        void Configure(WorkerOptions options) => (options.Concurrency, options.Prefetch, options.MaxDeaths, options.ShutdownTimeout) = (1, 10, 1, TimeSpan.FromMilliseconds(50));
        var worker = await Harness.StartWorkerAsync(Configure);
        var sent = new List<AsyncResult<string>> { await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName)) };
        await Gate.EnteredAsync(Patience);
        for (var number = 0; number < 3; number++)
        {
            sent.Add(await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName)));
        }
        await Harness.StopWorkerAsync(worker);
        Gate.Open();
        var next = await Harness.StartWorkerAsync(Configure);
        foreach (var task in sent)
        {
            Assert.Equal(next.Node, await task.GetAsync(Patience));
        }
        await NothingIsLeftAsync();
    }

    /// <summary>A task that listens to its token is interrupted and runs elsewhere; no retry is counted.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_outlasts_the_grace_time_is_cancelled_and_runs_in_another_worker()
    {
        var worker = await Harness.StartWorkerAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Harness.StopWorkerAsync(worker);
        await ReadyAsync(1);

        var other = await Harness.StartWorkerAsync();
        await Gate.EnteredAsync(Patience);
        Gate.Open();
        Assert.Equal(other.Node, await sent.GetAsync(Patience));
    }

    /// <summary>A task that listens to nothing does not keep the worker, and is not lost.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_ignores_its_token_does_not_keep_the_worker_and_is_not_lost()
    {
        var worker = await Harness.StartWorkerAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        var sent = await Client.SendAsync(ConformanceTasks.DeafTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Harness.StopWorkerAsync(worker);
        await ReadyAsync(1);

        await Harness.StartWorkerAsync();
        await Gate.EnteredAsync(Patience);
        Gate.Open();
        Assert.Equal("done", await sent.GetAsync(Patience));
    }

    /// <summary>Early acknowledgement is at most once.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_acknowledges_early_leaves_the_queue_before_it_ends()
    {
        var worker = await Harness.StartWorkerAsync(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        var sent = await Client.SendAsync(ConformanceTasks.EarlyTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        if (!Can.CountsUnacknowledged)
        {
            // What a worker holds cannot be seen, but what it leaves behind can: a message that it still held would come back.
            await Harness.StopWorkerAsync(worker);
            await ReadyAsync(0);
            return;
        }
        Assert.Equal(0, (await CountsAsync()).Unacknowledged);
        Gate.Open();

        Assert.Equal("done", await sent.GetAsync(Patience));
    }

    /// <summary>A late one stays until its outcome is applied.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_acknowledges_late_stays_in_the_queue_until_it_has_ended()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        if (Can.CountsUnacknowledged)
        {
            Assert.Equal(1, (await CountsAsync()).Unacknowledged);
        }
        Gate.Open();
        await sent.GetAsync(Patience);

        await NothingIsLeftAsync();
    }
}
