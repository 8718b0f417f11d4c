namespace Celeriac.Pools.Tests;

/// <summary>Runs that are ended: by limits, by remote control, by what they do to their process.</summary>
public sealed class EndingTests : IAsyncLifetime
{
    private readonly PoolHost _host = PoolHost.Start(2);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_soft_limit_ends_the_run_and_keeps_the_process()
    {
        var children = await _host.ChildrenAsync(2);
        Assert.Equal("SoftTimeLimitExceeded", (await _host.FailAsync("pool.soft")).RemoteType);
        Assert.Equal(children, await _host.ChildrenAsync(2));
    }

    [Fact]
    public async Task A_hard_limit_kills_the_process_and_replaces_it()
    {
        var result = await _host.SendAsync("pool.hard");
        var process = await _host.ProcessOfAsync("spins");
        var error = await PoolHost.FailureOf(result);
        Assert.Equal(("TimeLimitExceeded", "billiard.exceptions", "1"), (error.RemoteType, error.RemoteModule, error.RemoteMessage));
        await PoolHost.GoneAsync(process);
        Assert.DoesNotContain(process, await _host.ChildrenAsync(2));
        Assert.Equal(0, _host.CountOf("has ended unasked"));
        Assert.Equal(5, (await _host.CallAsync("pool.add", 2, 3)).GetInt32());
    }

    [Theory]
    [InlineData("SIGTERM")]
    [InlineData("SIGKILL")]
    [InlineData("SIGQUIT")]
    [InlineData("SIGUSR2")]
    public async Task Terminate_kills_the_process_of_the_task_and_no_other(string signal)
    {
        var result = await _host.SendAsync("pool.spin");
        var process = await _host.ProcessOfAsync("spins");
        var other = Assert.Single(await _host.ChildrenAsync(2), id => id != process);
        var replies = await _host.Client.Control.RevokeAsync(result.Id, terminate: true, signal, new ControlOptions { Limit = 1, Timeout = PoolHost.Patience }, TestContext.Current.CancellationToken);
        Assert.Equal($"terminate: {result.Id}", replies[0].Ok);
        var error = await PoolHost.FailureOf(result);
        Assert.Equal(("REVOKED", "TaskRevokedError", "terminated"), (error.State, error.RemoteType, error.RemoteMessage));
        await PoolHost.GoneAsync(process);
        Assert.Contains(other, await _host.ChildrenAsync(2));
    }

    [Fact]
    public async Task The_signal_of_a_soft_limit_asks_the_task_and_keeps_its_process()
    {
        var result = await _host.SendAsync("pool.nap");
        var process = await _host.ProcessOfAsync("naps");
        await _host.Client.Control.RevokeAsync(result.Id, terminate: true, "SIGUSR1", new ControlOptions { Limit = 1, Timeout = PoolHost.Patience }, TestContext.Current.CancellationToken);
        Assert.Equal("REVOKED", (await PoolHost.FailureOf(result)).State);
        Assert.Contains(process, await _host.ChildrenAsync(2));
    }

    [Theory]
    [InlineData("exit", "exitcode 3")]
    [InlineData("failfast", "signal 6 (SIGABRT)")]
    [InlineData("write", "signal 6 (SIGABRT)")]
    [InlineData("native", "signal 11 (SIGSEGV)")]
    [InlineData("kill", "signal 9 (SIGKILL)")]
    public async Task A_task_that_ends_its_process_fails_and_nothing_else_does(string how, string status)
    {
        var napping = await _host.SendAsync("pool.progress", _host.PathOf("gate"));
        var error = await _host.FailAsync("pool.die", how);
        Assert.Equal(("WorkerLostError", "billiard.exceptions"), (error.RemoteType, error.RemoteModule));
        Assert.Matches($"^Worker exited prematurely: {status.Replace("(", "\\(", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal)} Job: [0-9]+\\.$", error.RemoteMessage);
        await _host.LineAsync($"has ended unasked ({status}) and is replaced");
        await File.WriteAllTextAsync(_host.PathOf("gate"), "", TestContext.Current.CancellationToken);
        Assert.Equal("done", (await PoolHost.GetAsync(napping)).GetString());
        Assert.Equal(2, (await _host.ChildrenAsync(2)).Count);
        Assert.Equal(5, (await _host.CallAsync("pool.add", 2, 3)).GetInt32());
    }

    [Fact]
    public async Task A_process_that_is_killed_from_outside_costs_its_task_one_attempt_and_an_idle_one_costs_nothing()
    {
        var result = await _host.SendAsync("pool.spin");
        var busy = await _host.ProcessOfAsync("spins");
        var idle = Assert.Single(await _host.ChildrenAsync(2), id => id != busy);
        PoolHost.Signal(idle, 9);
        PoolHost.Signal(busy, 9);
        Assert.StartsWith("Worker exited prematurely: signal 9 (SIGKILL) Job: ", (await PoolHost.FailureOf(result)).RemoteMessage, StringComparison.Ordinal);
        Assert.Equal(5, (await _host.CallAsync("pool.add", 2, 3)).GetInt32());
        Assert.Empty((await _host.ChildrenAsync(2)).Intersect([busy, idle]));
    }

    [Fact]
    public async Task A_task_that_wants_it_is_run_again_when_its_process_dies()
    {
        var ledger = _host.PathOf("ledger");
        Assert.Equal(2, (await _host.CallAsync("pool.risky", ledger, 1)).GetInt32());
    }

    [Fact]
    public async Task A_task_that_kills_its_process_each_time_is_put_aside_after_three_deaths()
    {
        var ledger = _host.PathOf("ledger");
        var error = await _host.FailAsync("pool.risky", ledger, 100);
        Assert.Equal("WorkerLostError", error.RemoteType);
        Assert.Contains("3 worker processes have died", error.RemoteMessage, StringComparison.Ordinal);
        Assert.Equal(3, (await File.ReadAllLinesAsync(ledger, TestContext.Current.CancellationToken)).Length);
        Assert.Equal(5, (await _host.CallAsync("pool.add", 2, 3)).GetInt32());
    }
}
