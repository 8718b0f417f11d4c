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
        var revoked = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1).Set(options => options with { Stamps = new MessageHeaders([new("tenant", stamp)]) }));
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
