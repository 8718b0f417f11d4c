using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>A task that expires while it waits for its time is not run, and its caller is told.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_expires_before_its_eta_ends_as_REVOKED()
    {
        if (!Can.Delay)
        {
            return;
        }
        await Harness.StartWorkerAsync();
        var now = TimeProvider.System.GetUtcNow();
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName).Set(options => options with { Eta = now.AddSeconds(1.5), Expires = now.AddSeconds(0.5) }));
        var error = await FailureOf(sent);

        Assert.Equal(("REVOKED", "TaskRevokedError", 0), (error.State, error.RemoteType, Gate.Count));
        await NothingIsLeftAsync();
    }

    /// <summary>A retry has the expiry of the first run.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_expires_before_its_retry_ends_as_REVOKED()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.FlakyTask.S(2, 1.5).Set(options => options with { Expires = TimeProvider.System.GetUtcNow().AddSeconds(1) }));
        var error = await FailureOf(sent);

        Assert.Equal(("REVOKED", "TaskRevokedError"), (error.State, error.RemoteType));
        await NothingIsLeftAsync();
    }

    /// <summary>What Python sends with an eta comes at once; it must not run before its time, nor long after it.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_arrives_before_its_eta_runs_within_a_second_of_it()
    {
        if (!Can.Delay)
        {
            return;
        }
        await Harness.StartWorkerAsync();
        var eta = TimeProvider.System.GetUtcNow().AddSeconds(3.3);
        var sent = await UndelayedAsync(ConformanceTasks.ClockTask.S(), eta);
        var started = await Client.Result<DateTimeOffset>(sent).GetAsync(Patience);

        Assert.InRange(started, eta, eta.AddSeconds(1.5));
    }

    /// <summary>A worker on a broker that delays keeps none of the many tasks whose time is far.</summary>
    [Fact(Timeout = Limit)]
    public async Task Tasks_of_tomorrow_leave_the_worker_free()
    {
        if (!Can.Delay)
        {
            return;
        }
        var worker = await Harness.StartWorkerAsync(options => (options.Concurrency, options.Prefetch) = (2, 4));
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1);
        for (var number = 0; number < 40; number++)
        {
            await UndelayedAsync(ConformanceTasks.WaitTask.S(GateName), tomorrow);
        }

        Assert.Equal(3, await (await Client.SendAsync(ConformanceTasks.AddTask.S(1, 2))).GetAsync(Patience));
        await NothingIsLeftAsync();
        await Harness.StopWorkerAsync(worker);
        Assert.Equal(0, Gate.Count);
        if (Can is { Counts: true, SeesDelayed: true })
        {
            Assert.Equal(40, (await CountsAsync()).Delayed);
        }
    }

    /// <summary>Years are no more than days: what the broker cannot hold so long comes back in between, and is put off again.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(3)]
    [InlineData(400)]
    [InlineData(36_500)]
    public async Task A_task_of_a_far_day_is_taken_and_does_not_run(int days)
    {
        if (!Can.Delay)
        {
            return;
        }
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName).Set(options => options with { Countdown = TimeSpan.FromDays(days) }));
        var arrived = await UndelayedAsync(ConformanceTasks.WaitTask.S(GateName), TimeProvider.System.GetUtcNow().AddDays(days));
        await Harness.StartWorkerAsync();
        Assert.Equal(3, await (await Client.SendAsync(ConformanceTasks.AddTask.S(1, 2))).GetAsync(Patience));
        await NothingIsLeftAsync();

        Assert.Equal((0, TaskStates.Pending, TaskStates.Pending), (Gate.Count, await sent.StateAsync(), await Client.Result<string>(arrived).StateAsync()));
    }

    /// <summary>Publishes a task as Python does: its eta is in the headers alone.</summary>
    private async Task<string> UndelayedAsync(Signature signature, DateTimeOffset eta)
    {
        var id = Guid.NewGuid().ToString();
        await Transport.DeclareAsync(Topology.Queue(Harness.Queue));
        await Transport.PublishAsync(Publication.ToQueue(Harness.Queue, new Message
        {
            Body = Encoding.UTF8.GetBytes($$"""[{{Encoding.UTF8.GetString(signature.Args.Span)}}, {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]"""),
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            CorrelationId = id,
            ReplyTo = await Client.Results.PrepareAsync(id),
            Headers = MessageHeaders.Empty.With("lang", "py").With("task", signature.Task).With("id", id).With("root_id", id).With("retries", 0)
                .With("eta", eta.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture)),
        }));
        return id;
    }
}
