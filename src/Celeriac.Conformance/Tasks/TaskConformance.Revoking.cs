using Celeriac.Messaging;

namespace Celeriac.Conformance;

// Revocations that outlive whoever heard them.
public abstract partial class TaskConformance<THarness>
{
    private static readonly ControlOptions s_briefly = new() { Timeout = TimeSpan.FromMilliseconds(200) };

    /// <summary>Nobody was there to be told; where there is no shared state, nobody will know.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_worker_that_was_away_honours_a_revocation()
    {
        var revoked = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        var other = await Client.SendAsync(ConformanceTasks.AddTask.S(2, 2));
        if (!await RevokeAsync(() => Client.Control.RevokeAsync(revoked.Id, options: s_briefly)))
        {
            return;
        }
        await Harness.StartWorkerAsync(options => options.WithoutMingle = true);
        Assert.Equal(4, await other.GetAsync(Patience));
        if (Client.State is null)
        {
            Assert.Equal(2, await revoked.GetAsync(Patience));
            return;
        }
        Assert.Equal((TaskStates.Revoked, "TaskRevokedError"), await FailureOf(revoked) is var error ? (error.State, error.RemoteType) : default);
    }

    /// <summary>The same by stamp.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_worker_that_was_away_honours_a_revocation_by_stamp()
    {
        var stamp = $"stamp-{Harness.Queue}";
        var revoked = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1).Stamp("tenant", stamp));
        if (!await RevokeAsync(() => Client.Control.RevokeByStampedHeadersAsync(new Dictionary<string, IReadOnlyList<string>> { ["tenant"] = [stamp] }, options: s_briefly)) || Client.State is null)
        {
            return;
        }
        await Harness.StartWorkerAsync(options => options.WithoutMingle = true);
        Assert.Equal(TaskStates.Revoked, (await FailureOf(revoked)).State);
    }

    /// <summary>Also one that does not listen to remote control.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_worker_honours_a_revocation_that_it_was_not_told_of_while_it_works()
    {
        if (Client.State is null)
        {
            return;
        }
        await Harness.StartWorkerAsync(options => (options.EnableRemoteControl, options.Concurrency) = (false, 1));
        var first = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        await first.RevokeAsync();
        using var polled = new PeriodicTimer(TimeSpan.FromSeconds(2));
        var revoked = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        await revoked.RevokeAsync();
        await polled.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        Gate.Open();
        Assert.Equal(TaskStates.Revoked, (await FailureOf(revoked)).State);
        // What runs goes on: a revocation without terminate is about what has not begun.
        Assert.Equal("w1@test", await first.GetAsync(Patience));
    }

    /// <summary>Asked by name, the worker answers; the task's token fires, and its caller is told.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_is_terminated_while_it_runs_ends_as_REVOKED()
    {
        var node = await StartNamedWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.WaitTask.S(GateName));
        await Gate.EnteredAsync(Patience);
        if (!Can.Fanout)
        {
            var refusal = await Assert.ThrowsAsync<TransportRefusedException>(async () => await Client.Control.RevokeAsync(sent.Id, terminate: true, options: node));
            Assert.Contains("fanout", refusal.Message, StringComparison.Ordinal);
            return;
        }
        await AnsweredAsync(() => Client.Control.RevokeAsync(sent.Id, terminate: true, options: node));

        Assert.Equal((TaskStates.Revoked, "TaskRevokedError", "terminated"), await FailureOf(sent) is var error ? (error.State, error.RemoteType, error.RemoteMessage) : default);
        await NothingIsLeftAsync();
    }

    /// <summary>Queues come and go while the worker works.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_worker_takes_up_a_queue_and_leaves_it_when_it_is_told_to()
    {
        if (!Can.Fanout)
        {
            return;
        }
        var node = await StartNamedWorkerAsync();
        var there = ConformanceTasks.AddTask.S(1, 2).Set(options => options with { Queue = Other });
        var waiting = await Client.SendAsync(there);
        await AnsweredAsync(() => Client.Control.AddConsumerAsync(Other, options: node));
        Assert.Equal(3, await waiting.GetAsync(Patience));

        await AnsweredAsync(() => Client.Control.CancelConsumerAsync(Other, options: node));
        // The worker is well, and soon does not take any more what it was told to leave.
        await Eventually(async () =>
        {
            var left = await Client.SendAsync(there);
            Assert.Equal(5, await (await Client.SendAsync(ConformanceTasks.AddTask.S(2, 3))).GetAsync(Patience));
            return await left.StateAsync() == TaskStates.Pending;
        }, "the queue is left alone");
    }

    /// <summary>A worker whose name nobody else on the broker has, and the options that reach it alone.</summary>
    private async Task<ControlOptions> StartNamedWorkerAsync()
    {
        var worker = await Harness.StartWorkerAsync(options => options.NodeName = $"{Harness.Queue}@test");
        return new ControlOptions { Destination = [worker.Node], Limit = 1, Timeout = TimeSpan.FromSeconds(2) };
    }

    /// <summary>A worker that has just begun may not listen yet.</summary>
    private Task AnsweredAsync(Func<ValueTask<IReadOnlyList<NodeReply>>> ask) => Eventually(async () => await ask() is [{ Ok: not null }], "the worker obeys");

    /// <summary>False where neither remote control nor shared state is there: then the refusal is clear.</summary>
    private async Task<bool> RevokeAsync(Func<ValueTask<IReadOnlyList<NodeReply>>> revoke)
    {
        if (!Can.Fanout && Client.State is null)
        {
            var refusal = await Assert.ThrowsAsync<TransportRefusedException>(async () => await revoke());
            Assert.Contains("fanout", refusal.Message, StringComparison.Ordinal);
            return false;
        }
        // No worker of this queue is there to answer; others of the same broker may.
        await revoke();
        return true;
    }
}
