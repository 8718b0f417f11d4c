using System.Text.Json.Nodes;

namespace Celeriac.Tests.Control;

/// <summary>Commands that reach into what runs and waits.</summary>
public sealed class RunningTaskTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static ControlOptions One => Fleet.Of("w1@test");

    [Fact(Timeout = 180_000)]
    public async Task Active_and_reserved_tasks_are_shown_with_all_that_is_known()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(configure: options => (options.Concurrency, options.Prefetch) = (1, 2));
        var runs = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(runs.Id);
        var waits = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        NodeReply<IReadOnlyList<RemoteTask>> reserved;
        do
        {
            reserved = Assert.Single(await fleet.Client.Inspect.ReservedAsync(One, Cancelled));
        }
        while (reserved.Value!.Count == 0);
        Assert.Equal((waits.Id, (DateTimeOffset?)null), (reserved.Value[0].Id, reserved.Value[0].StartedAt));
        var active = Assert.Single(Assert.Single(await fleet.Client.Inspect.ActiveAsync(options: One, cancellationToken: Cancelled)).Value!);
        Assert.Equal((runs.Id, "test.held", "[]", "{}", false, Environment.ProcessId), (active.Id, active.Name, active.Args.GetRawText(), active.Kwargs.GetRawText(), active.IsAcknowledged, active.WorkerPid));
        Assert.Equal("""{"exchange":"","routing_key":"celery","priority":0,"redelivered":false}""", active.Raw.GetProperty("delivery_info").GetRawText());
        Assert.NotNull(active.StartedAt);
        var asked = Assert.Single(await fleet.Client.Inspect.QueryTaskAsync([runs.Id, waits.Id, "nobody"], One, Cancelled)).Value!;
        Assert.Equal((2, "active", "reserved"), (asked.Count, asked[runs.Id].State, asked[waits.Id].State));
        Held.Release(runs.Id);
        Held.Release(waits.Id);
        await waits.WaitAsync(s_patience, Cancelled);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_task_that_is_terminated_gets_its_token_cancelled_and_ends_as_REVOKED()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        var result = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(result.Id);
        var reply = Assert.Single(await fleet.Client.Control.RevokeAsync(result.Id, terminate: true, options: One, cancellationToken: Cancelled));
        Assert.Equal($"terminate: {result.Id}", reply.Ok);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await result.GetJsonAsync(s_patience, Cancelled));
        Assert.Equal(("REVOKED", "TaskRevokedError", "celery.exceptions", "terminated"), (error.State, error.RemoteType, error.RemoteModule, error.RemoteMessage));
        Assert.Equal(0, (await fleet.Client.Transport.CountAsync("celery", Cancelled))!.Ready);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_revoked_task_does_not_run_and_ends_as_REVOKED()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync();
        await fleet.Client.Control.RevokeAsync("taken-back", options: One, cancellationToken: Cancelled);
        var result = await fleet.Client.SendAsync(Held.Signature with { Options = new SendOptions { TaskId = "taken-back" } }, Cancelled);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await result.GetJsonAsync(s_patience, Cancelled));
        Assert.Equal(("REVOKED", "revoked"), (error.State, error.RemoteMessage));
        Assert.False(Held.HasStarted("taken-back"));
        Assert.Equal(["taken-back"], Assert.Single(await fleet.Client.Inspect.RevokedAsync(One, Cancelled)).Value!);
        await Fleet.UntilAsync(() => worker.State.InHand.Find("taken-back") is null);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_task_that_waits_for_a_slot_can_still_be_revoked()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => (options.Concurrency, options.Prefetch) = (1, 2));
        var runs = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(runs.Id);
        var waits = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Fleet.UntilAsync(() => worker.State.InHand.Find(waits.Id) is not null);
        await waits.RevokeAsync(cancellationToken: Cancelled);
        await Fleet.UntilAsync(() => worker.State.Revocations.Ids.Count == 1);
        Held.Release(runs.Id);
        Assert.Equal("REVOKED", (await waits.WaitAsync(s_patience, Cancelled)).Status);
        Assert.False(Held.HasStarted(waits.Id));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_time_limit_that_is_set_holds_for_the_next_run()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        await fleet.Client.Control.TimeLimitAsync("test.held", TimeSpan.FromMilliseconds(20), null, One, Cancelled);
        var result = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        Assert.Equal("SoftTimeLimitExceeded", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await result.GetJsonAsync(s_patience, Cancelled))).RemoteType);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_rate_limit_beside_that_of_the_cluster_says_so()
    {
        await using var fleet = new Fleet();
        var paced = Held.Define("test.paced", new TaskOptions { RateLimit = "10/m", RateLimitScope = LimitScope.Cluster });
        await fleet.StartAsync(tasks: paced);
        var reply = Assert.Single(await fleet.Client.Control.RateLimitAsync("test.paced", "5/m", One, Cancelled));
        Assert.Equal("new rate limit set successfully for this worker alone: the limit of 10/m for the whole cluster stays beside it, and changes with the task's declaration", reply.Ok);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_tasks_own_limit_wins_over_the_workers()
    {
        await using var fleet = new Fleet();
        var patient = Held.Define("test.patient", new TaskOptions { SoftTimeLimit = TimeSpan.FromHours(1) });
        await fleet.StartAsync(configure: options => options.SoftTimeLimit = TimeSpan.FromMilliseconds(50), tasks: patient);
        var own = await fleet.Client.SendAsync(new Signature("test.patient"), Cancelled);
        await Held.StartedAsync(own.Id);
        var others = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await others.GetJsonAsync(s_patience, Cancelled));
        Assert.Equal("SoftTimeLimitExceeded", error.RemoteType);
        Held.Release(own.Id);
        Assert.Equal(TaskStates.Success, (await own.WaitAsync(s_patience, Cancelled)).Status);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_rate_limit_holds_a_task_back_without_its_slot_and_a_new_one_lets_it_go()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => (options.Concurrency, options.Prefetch) = (1, 8), tasks: QuickAt(null));
        await fleet.Client.Control.RateLimitAsync("test.held", "1/h", One, Cancelled);
        var first = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        Held.Release(first.Id);
        await first.WaitAsync(s_patience, Cancelled);
        var second = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        Held.Release(second.Id);
        await (await fleet.Client.SendAsync(new Signature("test.quick"), Cancelled)).WaitAsync(s_patience, Cancelled);
        Assert.Equal(second.Id, Assert.Single(Assert.Single(await fleet.Client.Inspect.ReservedAsync(One, Cancelled)).Value!).Id);
        Assert.False(Held.HasStarted(second.Id));
        await fleet.Client.Control.RateLimitAsync("test.held", null, One, Cancelled);
        Assert.Equal("SUCCESS", (await second.WaitAsync(s_patience, Cancelled)).Status);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_stopping_worker_gives_back_what_its_rate_limit_holds()
    {
        await using var fleet = new Fleet();
        await using (var inner = new Fleet(fleet.Broker))
        {
            _ = fleet.Client;
            var worker = await inner.StartAsync(tasks: QuickAt("1/h"));
            await (await inner.Client.SendAsync(new Signature("test.quick"), Cancelled)).WaitAsync(s_patience, Cancelled);
            var held = await inner.Client.SendAsync(new Signature("test.quick"), Cancelled);
            await Fleet.UntilAsync(() => worker.State.InHand.Find(held.Id) is not null);
        }
        Assert.Equal(1, (await fleet.Client.Transport.CountAsync("celery", Cancelled))!.Ready);
    }

    [Fact(Timeout = 180_000)]
    public async Task Queues_come_and_go_while_the_worker_works()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync();
        var runs = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(runs.Id);
        Assert.Equal("add consumer mail", Assert.Single(await fleet.Client.Control.AddConsumerAsync("mail", options: One, cancellationToken: Cancelled)).Ok);
        var mail = await fleet.Client.SendAsync(Held.Signature with { Options = new SendOptions { Queue = "mail" } }, Cancelled);
        await Held.StartedAsync(mail.Id);
        Assert.Equal(["celery", "mail"], Assert.Single(await fleet.Client.Inspect.ActiveQueuesAsync(One, Cancelled)).Value!.Select(queue => queue.Name));
        await fleet.Client.Control.CancelConsumerAsync("celery", One, Cancelled);
        Held.Release(runs.Id);
        Held.Release(mail.Id);
        await runs.WaitAsync(s_patience, Cancelled);
        await mail.WaitAsync(s_patience, Cancelled);
        Assert.Equal(["mail"], worker.Queues);
        await fleet.Client.SendAsync(Held.Signature, Cancelled);
        var next = await fleet.Client.SendAsync(Held.Signature with { Options = new SendOptions { Queue = "mail" } }, Cancelled);
        Held.Release(next.Id);
        await next.WaitAsync(s_patience, Cancelled);
        Assert.Equal(1, (await fleet.Client.Transport.CountAsync("celery", Cancelled))!.Ready);
    }

    [Fact(Timeout = 180_000)]
    public async Task The_pool_grows_and_shrinks_while_the_worker_works()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => options.Concurrency = 1);
        var one = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(one.Id);
        Assert.Equal("pool will grow", (await fleet.AskAsync("pool_grow", new JsonObject { ["n"] = 2 })).Ok);
        var two = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        var three = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(two.Id);
        await Held.StartedAsync(three.Id);
        Assert.Equal("pool will shrink", (await fleet.AskAsync("pool_shrink", new JsonObject { ["n"] = 2 })).Ok);
        Assert.Equal((1, 1), (worker.State.Runners!.Size, worker.State.Intake.Prefetch));
        Assert.All(new[] { one, two, three }, result => Held.Release(result.Id));
        foreach (var result in new[] { one, two, three })
        {
            await result.WaitAsync(s_patience, Cancelled);
        }
        var last = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(last.Id);
        Held.Release(last.Id);
        await last.WaitAsync(s_patience, Cancelled);
    }

    [Fact(Timeout = 180_000)]
    public async Task Shutdown_is_warm_and_is_not_answered()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        var result = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(result.Id);
        await fleet.Client.Control.ShutdownAsync(cancellationToken: Cancelled);
        Held.Release(result.Id);
        await fleet.EndsAsync();
        Assert.Equal("SUCCESS", await result.StateAsync(Cancelled));
    }

    private static TaskDefinition QuickAt(string? rateLimit) => new()
    {
        Name = "test.quick",
        Method = "Tests.Quick",
        Parameters = [],
        Invoker = _ => ValueTask.FromResult(TaskInvocation.NoResult),
        Options = new TaskOptions { RateLimit = rateLimit },
    };
}
