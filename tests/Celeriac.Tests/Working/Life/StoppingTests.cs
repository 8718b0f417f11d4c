using System.Collections.Concurrent;
using Celeriac.Messaging;
using Celeriac.Tests.Control;
using Celeriac.Tests.Filters;

namespace Celeriac.Tests.Working.Life;

/// <summary>What a stop means for tasks, and what a worker counts and tells of itself.</summary>
public sealed class StoppingTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact(Timeout = 180_000)]
    public async Task A_task_that_a_deploy_interrupts_has_not_failed_and_runs_in_the_next_worker_with_no_retry_counted()
    {
        var broker = $"memory://{Guid.NewGuid():N}";
        var (reasons, retries) = (new ConcurrentQueue<CancellationReason>(), new ConcurrentQueue<int>());
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = Stage.Define("test.long", async invocation =>
        {
            retries.Enqueue(invocation.Context.Retries);
            if (retries.Count == 1)
            {
                started.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
                }
                finally
                {
                    reasons.Enqueue(invocation.Context.CancellationReason);
                }
            }
            return TaskInvocation.Result(42);
        }, new TaskOptions { MaxRetries = 0, RetryOn = [typeof(Exception)] });
        await using var client = TaskClient.Open(broker);
        await using var events = new EventReceiver(client.Transport, "task.#");
        await events.StartAsync(Cancelled);
        var sent = await client.SendAsync(new Signature<int>("test.long"), Cancelled);
        var first = Worker(client, task, "first@test");
        using (var stopNow = new CancellationTokenSource())
        {
            var run = first.RunAsync(CancellationToken.None, stopNow.Token);
            await started.Task.WaitAsync(Cancelled);
            await stopNow.CancelAsync();
            await run;
        }
        Assert.Equal(CancellationReason.Shutdown, Assert.Single(reasons));
        Assert.Equal((1, 0, 0, 0), (first.Counters.Started, first.Counters.Failed, first.Counters.Retried, first.Counters.InHand));
        Assert.Equal(1, (await client.Transport.CountAsync("celery", Cancelled))!.Ready);
        using var stop = new CancellationTokenSource();
        var second = Worker(client, task, "second@test");
        var running = second.RunAsync(stop.Token);
        Assert.Equal(42, await sent.GetAsync(Stage.Patience, Cancelled));
        await stop.CancelAsync();
        await running;
        Assert.Equal([0, 0], retries);
        Assert.Equal((1, 1), (second.Counters.Started, second.Counters.Succeeded));
        var told = new List<string>();
        await foreach (var news in events.WithCancellation(Cancelled))
        {
            told.Add(news.Type);
            if (news.Type == "task-succeeded")
            {
                break;
            }
        }
        Assert.DoesNotContain(told, type => type is "task-failed" or "task-retried" or "task-rejected" or "task-revoked");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_task_that_was_acknowledged_before_it_was_interrupted_fails_because_nobody_will_run_it_again()
    {
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = Stage.Define("test.early", async invocation =>
        {
            started.SetResult();
            await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
            return TaskInvocation.Result(1);
        }, new TaskOptions { AcksLate = false });
        var sent = await client.SendAsync(new Signature<int>("test.early"), Cancelled);
        using var stopNow = new CancellationTokenSource();
        var run = Worker(client, task, "w1@test").RunAsync(CancellationToken.None, stopNow.Token);
        await started.Task.WaitAsync(Cancelled);
        await stopNow.CancelAsync();
        await run;
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Stage.Patience, Cancelled));
        Assert.Equal("WorkerLostError", error.RemoteType);
        Assert.Equal(0, (await client.Transport.CountAsync("celery", Cancelled))!.Ready);
    }

    /// <summary>At most once: a message that is the broker's again is run by whoever receives it next.</summary>
    [Fact(Timeout = 180_000)]
    public async Task A_task_that_acknowledges_early_is_not_run_where_its_message_was_lost_meanwhile()
    {
        var (blocking, goOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var ran = new ConcurrentQueue<string>();
        var task = Stage.Define("test.early", async invocation =>
        {
            ran.Enqueue(invocation.Context.Id);
            if (ran.Count == 1)
            {
                blocking.SetResult();
                await goOn.Task;
            }
            return TaskInvocation.Result(1);
        }, new TaskOptions { AcksLate = false });
        await using var stage = new Stage([task], worker: options => options.Concurrency = 1);
        var first = await stage.Client.SendAsync(new Signature<int>("test.early"), Cancelled);
        await blocking.Task.WaitAsync(Cancelled);
        var lost = await stage.Client.SendAsync(new Signature<int>("test.early"), Cancelled);
        await Fleet.UntilAsync(async () => (await stage.Client.Transport.CountAsync("celery", Cancelled))!.Ready == 0);
        await stage.Client.Transport.DeleteQueueAsync("celery", Cancelled);
        goOn.SetResult();
        await first.GetAsync(Stage.Patience, Cancelled);
        // The worker declares its queue again.
        await Fleet.UntilAsync(async () => await stage.Client.Transport.CountAsync("celery", Cancelled) is not null);
        var next = await stage.Client.SendAsync(new Signature<int>("test.early"), Cancelled);
        await next.GetAsync(Stage.Patience, Cancelled);
        Assert.DoesNotContain(lost.Id, ran);
        Assert.Equal([first.Id, next.Id], ran);
    }

    [Theory(Timeout = 180_000)]
    [InlineData("soft", CancellationReason.SoftTimeLimit)]
    [InlineData("terminate", CancellationReason.Terminated)]
    public async Task A_run_may_ask_why_its_token_has_fired(string how, CancellationReason expected)
    {
        var reason = new TaskCompletionSource<CancellationReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (started, before) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), CancellationReason.Shutdown);
        var task = Stage.Define("test.asks", async invocation =>
        {
            before = invocation.Context.CancellationReason;
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
            }
            finally
            {
                reason.SetResult(invocation.Context.CancellationReason);
            }
            return TaskInvocation.NoResult;
        }, new TaskOptions { SoftTimeLimit = how == "soft" ? TimeSpan.FromMilliseconds(20) : null });
        await using var stage = new Stage([task]);
        var sent = await stage.Client.SendAsync(new Signature("test.asks"), Cancelled);
        await started.Task.WaitAsync(Cancelled);
        if (how == "terminate")
        {
            stage.Worker.State.InHand.Find(sent.Id)!.Terminate("SIGTERM");
        }
        Assert.Equal(expected, await reason.Task.WaitAsync(Cancelled));
        Assert.Equal(CancellationReason.None, before);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_soft_stop_on_idle_waits_its_time_only_where_it_was_asked_to()
    {
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        var time = TimeProvider.System;
        var began = time.GetTimestamp();
        var worker = new Worker(client, new TaskRegistry([]), new WorkerOptions { SoftShutdownTimeout = TimeSpan.FromMilliseconds(300), EnableSoftShutdownOnIdle = true }, new CeleriacOptions());
        var run = worker.RunAsync(CancellationToken.None);
        await worker.Ready.WaitAsync(Cancelled);
        worker.ShutdownSoftly();
        await run;
        Assert.True(time.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(290));
        var other = new Worker(client, new TaskRegistry([]), new WorkerOptions { SoftShutdownTimeout = TimeSpan.FromHours(1) }, new CeleriacOptions());
        run = other.RunAsync(CancellationToken.None);
        await other.Ready.WaitAsync(Cancelled);
        other.ShutdownSoftly();
        await run;
    }

    [Fact(Timeout = 180_000)]
    public async Task A_worker_begins_exactly_as_many_tasks_as_it_may_and_ends_when_they_have()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => (options.MaxTasks, options.Concurrency) = (3, 8));
        for (var number = 0; number < 10; number++)
        {
            Held.Release((await fleet.Client.SendAsync(Held.Signature, Cancelled)).Id);
        }
        await fleet.EndsAsync();
        Assert.Equal((3, 3, true), (worker.Counters.Started, worker.Counters.Succeeded, worker.Life.HasRunAll));
        Assert.Equal(7, (await fleet.Client.Transport.CountAsync("celery", Cancelled))!.Ready);
    }

    [Fact(Timeout = 180_000)]
    public async Task Counters_tell_what_has_become_of_each_task_and_what_is_held()
    {
        var failing = Stage.Define("test.fails", _ => throw new InvalidOperationException("no"));
        await using var stage = new Stage([Held.Definition, failing], worker: options => options.Concurrency = 1);
        await Assert.ThrowsAsync<RemoteTaskException>(async () => await stage.CallAsync("test.fails"));
        await Assert.ThrowsAsync<RemoteTaskException>(async () => await stage.CallAsync("test.unknown"));
        var running = await stage.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(running.Id);
        var counters = stage.Worker.Counters;
        Assert.Equal((2, 2, 0, 1, 1), (counters.Received, counters.Started, counters.Succeeded, counters.Failed, counters.Quarantined));
        Assert.Equal((1, 1, 0, 0), (counters.InHand, counters.Running, counters.Reserved, counters.Scheduled));
        Held.Release(running.Id);
        await Fleet.UntilAsync(() => counters.InHand == 0);
        Assert.Equal((1, 1, 0), (counters.Tasks["test.held"].Received, counters.Tasks["test.held"].Succeeded, counters.Tasks["test.held"].Failed));
        Assert.Equal((1, 1), (counters.Tasks["test.fails"].Started, counters.Tasks["test.fails"].Failed));
    }

    [Fact(Timeout = 180_000)]
    public async Task What_runs_is_told_to_the_log_when_somebody_asks()
    {
        await using var stage = new Stage([Held.Definition]);
        var sent = await stage.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(sent.Id);
        stage.Worker.Life.Dump();
        Assert.Contains(stage.Log.Lines, line => line.Id == 2151 && line.Text.StartsWith("w1@test runs 1 tasks of at most 4 and holds 0 more", StringComparison.Ordinal));
        Assert.Contains(stage.Log.Lines, line => line.Id == 2152 && line.Text.StartsWith($"Running: test.held[{sent.Id}] from queue celery, for 00:00:0", StringComparison.Ordinal));
        Held.Release(sent.Id);
    }

    [Fact(Timeout = 180_000)]
    public async Task What_the_broker_has_taken_back_is_cancelled_leaves_no_trace_and_is_innocent_when_it_comes_again()
    {
        await using var stage = new Stage([Held.Definition]);
        var sent = await stage.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(sent.Id);
        var task = stage.Worker.State.InHand.Find(sent.Id)!;
        stage.Worker.State.Intake.TakenBack!(task.Delivery.Claim.Generation, "timed out");
        await Fleet.UntilAsync(() => stage.Worker.Counters.InHand == 0);
        Assert.Equal((CancellationReason.TakenBack, false), (task.Reason, task.Delivery.IsSettled));
        Assert.Equal((0, 0), (stage.Worker.Counters.Failed, stage.Worker.Counters.Succeeded));
        Assert.Equal((true, false), (stage.Worker.State.InHand.IsInnocent(sent.Id), stage.Worker.State.InHand.IsInnocent(sent.Id)));
    }

    private static Worker Worker(TaskClient client, TaskDefinition task, string node) =>
        new(client, new TaskRegistry([task]), new WorkerOptions { NodeName = node, WithoutMingle = true, SendTaskEvents = true }, new CeleriacOptions());
}
