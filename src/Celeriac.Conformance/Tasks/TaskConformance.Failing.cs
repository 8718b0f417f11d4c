using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>A failure is data: type, message and traceback as text.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_failure_reaches_the_caller_with_type_message_and_traceback()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.FailTask.S("no such luck"));
        var error = await FailureOf(sent);

        Assert.Equal(("InvalidOperationException", "no such luck", sent.Id), (error.RemoteType, error.RemoteMessage, error.TaskId));
        Assert.Contains(nameof(ConformanceTasks.Fail), error.Traceback, StringComparison.Ordinal);
        Assert.Equal(TaskStates.Failure, await sent.StateAsync());
    }

    /// <summary>What no broker or store should carry is refused in words, and costs nothing but itself.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_result_beyond_the_limit_is_a_failure_that_says_so()
    {
        await Harness.StartWorkerAsync();
        var error = await FailureOf(await Client.SendAsync(ConformanceTasks.LargeTask.S(600_000, false)));
        Assert.Equal("ResultTooLarge", error.RemoteType);
        Assert.Equal("Task 'conformance.large' returned 600002 bytes of JSON, but at most 524288 are kept (result_max_bytes). Store large data elsewhere and return where it is, set IgnoreResult, or raise the limit.", error.RemoteMessage);
        var state = await FailureOf(await Client.SendAsync(ConformanceTasks.LargeTask.S(600_000, true)));
        Assert.Contains("The meta of state 'LARGE' has 600002 bytes of JSON", state.RemoteMessage, StringComparison.Ordinal);

        var fits = await Client.SendAsync(ConformanceTasks.LargeTask.S(500_000, true));
        Assert.Equal(500_000, (await fits.GetAsync(Patience)).Length);
        await NothingIsLeftAsync();
    }

    /// <summary>A retry is the same task again.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_asks_for_a_retry_runs_again_with_the_same_id()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.FlakyTask.S(3, 0.02));

        Assert.Equal(3, await sent.GetAsync(Patience));
    }

    /// <summary>Between two runs the caller sees why.</summary>
    [Fact(Timeout = Limit)]
    public async Task Between_two_runs_the_state_is_RETRY_with_the_cause()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.FlakyTask.S(2, 3600));
        if (!Can.Delay)
        {
            // The retry cannot wait anywhere: the caller hears of it, and the message is kept.
            Assert.Equal("OutcomeRefused", (await FailureOf(sent)).RemoteType);
            Assert.Equal("OutcomeRefused", Reason(await QuarantinedAsync()));
            return;
        }
        await Eventually(async () => await sent.StateAsync() == TaskStates.Retry);
        var record = (await sent.RecordAsync())!;

        Assert.Contains("TimeoutError", System.Text.Encoding.UTF8.GetString(record.Result.Span), StringComparison.Ordinal);
        if (Can is { Counts: true, SeesDelayed: true })
        {
            // Where results are kept elsewhere, the state is written before the retry is published.
            await Eventually(async () => (await CountsAsync()).Delayed == 1, "the retry waits in the broker");
        }
        await ReadyAsync(0);
    }

    /// <summary>Over the limit the last cause is the failure, and the message is kept for a human.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_fails_at_every_run_ends_as_FAILURE_and_in_quarantine()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.StubbornTask.S(GateName));
        var error = await FailureOf(sent);

        Assert.Equal(("OSError", "disk on fire"), (error.RemoteType, error.RemoteMessage));
        Assert.Equal(3, Gate.Count);
        Assert.Equal("RetriesExhausted", Reason(await QuarantinedAsync()));
    }

    /// <summary>Nothing is written of a task that asked to be ignored.</summary>
    [Fact(Timeout = Limit)]
    public async Task An_ignored_task_leaves_no_state_and_no_message()
    {
        var worker = await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.IgnoredTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await Harness.StopWorkerAsync(worker);

        Assert.Equal(TaskStates.Pending, await sent.StateAsync());
        await ReadyAsync(0);
    }

    /// <summary>A refused message is kept with its reason.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_rejected_task_ends_as_FAILURE_and_in_quarantine_with_its_reason()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.RejectedTask.S("not mine"));
        var error = await FailureOf(sent);
        var quarantined = await QuarantinedAsync();

        Assert.Equal(("Reject", "Rejected"), (error.RemoteType, Reason(quarantined)));
        Assert.Contains("not mine", quarantined.Message.Headers.TextOf("x-celeriac-quarantine-text"), StringComparison.Ordinal);
    }

    /// <summary>The soft limit asks.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_past_its_soft_limit_fails_with_SoftTimeLimitExceeded()
    {
        await Harness.StartWorkerAsync();
        Assert.Equal("SoftTimeLimitExceeded", (await FailureOf(await Client.SendAsync(ConformanceTasks.SoftTask.S(GateName)))).RemoteType);
    }

    /// <summary>The hard limit does not.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_past_its_hard_limit_fails_with_TimeLimitExceeded_and_frees_its_slot()
    {
        await Harness.StartWorkerAsync(options => options.Concurrency = 1);
        Assert.Equal("TimeLimitExceeded", (await FailureOf(await Client.SendAsync(ConformanceTasks.HardTask.S(GateName)))).RemoteType);

        Assert.Equal(2, await (await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1))).GetAsync(Patience));
    }

    /// <summary>A task that waited too long is not run.</summary>
    [Fact(Timeout = Limit)]
    public async Task An_expired_task_is_not_run_and_ends_as_REVOKED()
    {
        var expired = ConformanceTasks.WaitTask.S(GateName).Set(options => options with { Expires = TimeProvider.System.GetUtcNow().AddSeconds(-1) });
        var sent = await Client.SendAsync(expired);
        await Harness.StartWorkerAsync();
        var error = await FailureOf(sent);

        Assert.Equal(("REVOKED", "TaskRevokedError", 0), (error.State, error.RemoteType, Gate.Count));
    }

    /// <summary>A countdown is never early.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_with_a_countdown_does_not_run_before_its_time()
    {
        await Harness.StartWorkerAsync();
        var countdown = TimeSpan.FromMilliseconds(400);
        if (!Can.Delay)
        {
            var later = ConformanceTasks.AddTask.S(1, 1).Set(options => options with { Countdown = countdown });
            var refusal = await Assert.ThrowsAsync<TransportRefusedException>(async () => await Client.SendAsync(later));
            Assert.Contains("delay", refusal.Message, StringComparison.Ordinal);
            return;
        }
        var started = System.Diagnostics.Stopwatch.StartNew();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1).Set(options => options with { Countdown = countdown }));
        await sent.GetAsync(Patience);

        Assert.True(started.Elapsed >= countdown, $"It ran after {started.Elapsed.TotalMilliseconds} ms.");
    }
}
