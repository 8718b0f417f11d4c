using System.Runtime.CompilerServices;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>The picture: A asks, B works and replies, A uses the result.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_runs_in_a_worker_and_its_result_comes_back()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(2, 3));

        Assert.Equal(5, await sent.GetAsync(Patience));
        Assert.Equal(TaskStates.Success, await sent.StateAsync());
        Assert.True(await sent.ReadyAsync());
    }

    /// <summary>The client may ask long after the task has ended.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_sent_before_any_worker_runs_is_run_when_one_starts()
    {
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(20));
        Assert.Equal(TaskStates.Pending, await sent.StateAsync());
        await Harness.StartWorkerAsync();

        Assert.Equal(22, await sent.GetAsync(Patience));
    }

    /// <summary>A static handle finds its client.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_static_handle_uses_the_client_that_was_opened_with_Use()
    {
        await Harness.StartWorkerAsync();
        using var use = Client.Use();
        var sent = await ConformanceTasks.SumTask.DelayAsync(1, 2, 3);

        Assert.Equal(6, await sent.GetAsync(Patience));
    }

    /// <summary>Records and lists travel.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_record_travels_there_and_back()
    {
        await Harness.StartWorkerAsync();
        var order = new ConformanceOrder(7, "Jürgen „Ö“ 漢字", ["a", "", "c"], null);
        var answer = await (await Client.SendAsync(ConformanceTasks.OrderTask.S(order))).GetAsync(Patience);

        Assert.Equal((order.Id, order.Customer, order.Note), (answer.Id, answer.Customer, answer.Note));
        Assert.Equal(order.Lines, answer.Lines);
    }

    /// <summary>Every simple type keeps its value.</summary>
    [Fact(Timeout = Limit)]
    public async Task Every_simple_type_arrives_as_it_was_sent()
    {
        await Harness.StartWorkerAsync();
        var id = Guid.Parse("0198d6d4-0000-7000-8000-000000000001");
        var when = new DateTime(2030, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(6780);
        var signature = ConformanceTasks.TypesTask.S(id, when, new DateTimeOffset(when).ToOffset(TimeSpan.FromHours(2)), new DateOnly(2030, 1, 2), 1.50m, [0, 255, 7], DayOfWeek.Friday, null, new() { ["a"] = 1 }, 0.25);

        Assert.Equal(ConformanceTasks.Types(id, when, when, new DateOnly(2030, 1, 2), 1.50m, [0, 255, 7], DayOfWeek.Friday, null, new() { ["a"] = 1 }, 0.25),
            await (await Client.SendAsync(signature)).GetAsync(Patience));
    }

    /// <summary>A task without a result has ended all the same.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_returns_nothing_ends_as_SUCCESS()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.NothingTask.S());

        Assert.Equal(None.Value, await sent.GetAsync(Patience));
    }

    /// <summary>Callers do not disturb each other.</summary>
    [Fact(Timeout = Limit)]
    public async Task Five_hundred_tasks_at_once_all_give_their_own_result()
    {
        await Harness.StartWorkerAsync();
        await Harness.StartWorkerAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 500).Select(async number =>
            await (await Client.SendAsync(ConformanceTasks.AddTask.S(number, 1))).GetAsync(Patience)));

        Assert.Equal(Enumerable.Range(1, 500), results);
    }

    /// <summary>Blocking tasks have threads of their own.</summary>
    [Fact(Timeout = Limit)]
    public async Task Blocking_tasks_do_not_keep_asynchronous_ones_from_running()
    {
        await Harness.StartWorkerAsync(options =>
        {
            options.Concurrency = 8;
            options.SynchronousConcurrency = 4;
        });
        var blocked = new List<AsyncResult<string>>();
        for (var number = 0; number < 4; number++)
        {
            blocked.Add(await Client.SendAsync(ConformanceTasks.BlockTask.S(GateName)));
            await Gate.EnteredAsync(Patience);
        }

        Assert.Equal(3, await (await Client.SendAsync(ConformanceTasks.SumTask.S(1, 2))).GetAsync(Patience));
        Gate.Open();
        foreach (var task in blocked)
        {
            Assert.Equal("done", await task.GetAsync(Patience));
        }
    }

    /// <summary>What a task sends is known as its child and inherits its root.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_sends_tasks_has_them_as_children()
    {
        await Harness.StartWorkerAsync();
        var parent = await Client.SendAsync(ConformanceTasks.ParentTask.S());
        var ids = await parent.GetAsync(Patience);
        var children = await parent.ChildrenAsync();

        Assert.Equal(ids, children.Select(child => child.Id));
        if (Harness.ResultBackend != "rpc://")
        {
            // Only the sending process can wait for a reply, and the children's sender was the worker.
            var record = await children[0].WaitAsync(Patience);
            Assert.Equal(parent.Id, record.ParentId);
        }
    }

    /// <summary>A state of the task's own is seen while it runs.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_state_of_its_own_is_seen_while_the_task_runs()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.ProgressTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Eventually(async () => await sent.StateAsync() == "PROGRESS");
        var meta = TaskJson.Decode<Dictionary<string, int>>((await sent.RecordAsync())!.Result.Span);
        Gate.Open();

        Assert.Equal(4, meta["of"]);
        Assert.Equal("done", await sent.GetAsync(Patience));
    }

    /// <summary>STARTED is written where it is asked for, with the process and node.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_worker_that_tracks_starts_writes_STARTED_with_its_pid_and_node()
    {
        var worker = await Harness.StartWorkerAsync(options => options.TrackStarted = true);
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Eventually(async () => await sent.StateAsync() == TaskStates.Started);
        var meta = TaskJson.Decode<System.Text.Json.JsonElement>((await sent.RecordAsync())!.Result.Span);
        Gate.Open();

        Assert.Equal((Environment.ProcessId, worker.Node), (meta.GetProperty("pid").GetInt32(), meta.GetProperty("hostname").GetString()));
        Assert.Equal(worker.Node, await sent.GetAsync(Patience));
    }

    /// <summary>A task may say that its result is not wanted.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_ignores_its_result_leaves_none()
    {
        var worker = await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.UnkeptTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Harness.StopWorkerAsync(worker);

        Assert.Equal(TaskStates.Pending, await sent.StateAsync());
        await ReadyAsync(0);
    }

    /// <summary>A forgotten result is gone.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_forgotten_result_is_gone()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        await sent.GetAsync(Patience);
        await sent.ForgetAsync();

        Assert.Null(await sent.RecordAsync());
    }

    /// <summary>A wait that ends says what to look at.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_result_that_does_not_come_in_time_is_a_TimeoutException_that_names_the_task_and_queue()
    {
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        var error = await Assert.ThrowsAsync<TimeoutException>(async () => await sent.GetAsync(TimeSpan.FromMilliseconds(50)));

        Assert.Contains(sent.Id, error.Message, StringComparison.Ordinal);
        Assert.Contains(Harness.Queue, error.Message, StringComparison.Ordinal);
        Assert.Equal(Client.Results.MayLoseResults, error.Message.Contains("may be lost", StringComparison.Ordinal));
    }

    /// <summary>The last resort where another process leaves nothing to wait on.</summary>
    private Task Eventually(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string expectation = "") => Eventually(condition, () => expectation);

    private async Task Eventually(Func<Task<bool>> condition, Func<string> expectation)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Not within {Patience.TotalSeconds} s: {expectation()}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
