using System.Text.Json.Nodes;
using Celeriac.Tests.Control;

namespace Celeriac.Tests.Working;

/// <summary>Code that does not look at its token.</summary>
public sealed class StuckRunTests
{
    private const int Limit = 120_000;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CancellationReason> _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private TaskDefinition Deaf(TimeSpan? limit = null) => new()
    {
        Name = "test.deaf",
        Method = "Tests.Deaf",
        Parameters = [],
        Options = new TaskOptions { TimeLimit = limit },
        Invoker = async invocation =>
        {
            var context = invocation.Context;
            await using var registration = invocation.CancellationToken.Register(() => _cancelled.TrySetResult(context.CancellationReason));
            _started.TrySetResult();
            await _free.Task;
            return TaskInvocation.NoResult;
        },
    };

    [Fact(Timeout = Limit)]
    public async Task A_run_past_its_hard_limit_fails_is_told_why_and_is_shown_until_it_returns()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync(tasks: Deaf(TimeSpan.FromMilliseconds(200)));
        var sent = await fleet.Client.SendAsync(new Signature("test.deaf"), Cancelled);

        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetJsonAsync(TimeSpan.FromSeconds(30), Cancelled));
        Assert.Equal("TimeLimitExceeded", error.RemoteType);
        Assert.Equal(CancellationReason.TimeLimit, await _cancelled.Task.WaitAsync(Cancelled));
        var stuck = Assert.IsType<JsonObject>(Assert.Single(await StuckAsync(fleet)));
        Assert.Equal((sent.Id, "test.deaf", "passed its hard time limit"), ((string?)stuck["id"], (string?)stuck["name"], (string?)stuck["why"]));

        _free.SetResult();
        while ((await StuckAsync(fleet)).Count > 0)
        {
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_that_is_terminated_and_goes_on_is_shown_after_a_while_until_it_returns()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(tasks: Deaf());
        var sent = await fleet.Client.SendAsync(new Signature("test.deaf"), Cancelled);
        await _started.Task.WaitAsync(Cancelled);
        await fleet.Client.Control.RevokeAsync(sent.Id, terminate: true, options: Fleet.Of("w1@test"), cancellationToken: Cancelled);
        Assert.Equal(CancellationReason.Terminated, await _cancelled.Task.WaitAsync(Cancelled));
        Assert.Empty(worker.State.Stuck.Runs);

        await Fleet.UntilAsync(() => worker.State.Stuck.Runs.Count == 1);
        Assert.Equal((sent.Id, "was asked to end (SIGTERM)"), (worker.State.Stuck.Runs.Single().Id, worker.State.Stuck.Runs.Single().Why));

        _free.SetResult();
        await Fleet.UntilAsync(() => worker.State.Stuck.Runs.Count == 0);
        // It has done its work all the same, and that is what its caller is told.
        await sent.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
    }

    private static async Task<JsonArray> StuckAsync(Fleet fleet) =>
        JsonNode.Parse((await fleet.AskAsync("stats")).Value.GetRawText())!["stuck"] as JsonArray ?? [];
}
