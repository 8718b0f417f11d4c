namespace Celeriac.Interop.Tests.PythonToCSharp;

/// <summary>Python calls C#: eta, expiry, limits, states.</summary>
public sealed class TimeAndStateTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Place.CSharpWorkerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = Limit)]
    [InlineData("countdown=0.7", 0.7)]
    [InlineData("countdown=3.5", 3.5)]
    [InlineData("eta=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)", 0.99)]
    [InlineData("eta=datetime.datetime.utcnow() + datetime.timedelta(seconds=1)", 0.99)]
    [InlineData("eta=datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=5, minutes=30))) + datetime.timedelta(seconds=1)", 0.99)]
    public async Task An_eta_or_countdown_is_kept_never_early(string option, double seconds)
    {
        var took = await Python.RunAsync($"start = time.time()\nreturn send('cs.time', {option}).get(timeout=PATIENCE) - start");
        Assert.InRange(took.GetDouble(), seconds, seconds + 15);
    }

    [Fact(Timeout = Limit)]
    public async Task An_eta_in_the_past_runs_at_once() =>
        Assert.InRange((await Python.RunAsync("start = time.time()\nreturn send('cs.time', eta=datetime.datetime(2020, 1, 1)).get(timeout=PATIENCE) - start")).GetDouble(), -1, 15);

    [Fact(Timeout = Limit)]
    public async Task A_task_whose_expiry_has_passed_is_revoked()
    {
        var outcome = await Python.RunAsync("""
            from celery.exceptions import TaskRevokedError
            result = send('cs.add', 1, 1, headers={'expires': '2020-01-01T00:00:00'})
            try:
                result.get(timeout=PATIENCE)
            except TaskRevokedError as error:
                return [result.state, str(error)]
            """);
        Assert.Equal("""["REVOKED","expired"]""", Plain(outcome));
    }

    [Fact(Timeout = Limit)]
    public async Task An_expiry_in_the_future_does_no_harm() =>
        Assert.Equal(2, (await Python.ValueAsync("'cs.add', 1, 1, expires=60")).GetInt32());

    [Fact(Timeout = Limit)]
    public async Task A_soft_limit_of_the_call_is_caught_as_billiards_SoftTimeLimitExceeded()
    {
        var error = (await Python.OutcomeAsync("'cs.nap', 30, soft_time_limit=0.3")).GetProperty("error");
        Assert.Equal(("SoftTimeLimitExceeded", "billiard.exceptions"), (error.TextOf("type"), error.TextOf("module")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_hard_limit_of_the_call_is_caught_as_billiards_TimeLimitExceeded()
    {
        var error = (await Python.OutcomeAsync("'cs.deaf', 4, time_limit=0.3")).GetProperty("error");
        Assert.Equal(("TimeLimitExceeded", "billiard.exceptions", "0.3"), (error.TextOf("type"), error.TextOf("module"), error.GetProperty("args")[0].ToString()));
    }

    [Fact(Timeout = Limit)]
    public async Task STARTED_is_seen_with_pid_and_node()
    {
        var seen = (await Python.OutcomeAsync("'cs.tracked'")).GetProperty("seen");
        Assert.Equal(["STARTED", "SUCCESS"], seen.EnumerateArray().Select(state => state.TextOf("status")));
        Assert.Equal("cs@interop", seen[0].GetProperty("result").TextOf("hostname"));
        Assert.Equal(Environment.ProcessId, seen[0].GetProperty("result").GetProperty("pid").GetInt32());
    }

    [Fact(Timeout = Limit)]
    public async Task A_state_of_the_tasks_own_is_seen_with_its_meta()
    {
        var seen = (await Python.OutcomeAsync("'cs.progress'")).GetProperty("seen");
        Assert.Equal(["PROGRESS", "SUCCESS"], seen.EnumerateArray().Select(state => state.TextOf("status")));
        Assert.Equal(4, seen[0].GetProperty("result").GetProperty("of").GetInt32());
    }

    [Theory(Timeout = Limit)]
    [InlineData("'cs.add', 1, 1, ignore_result=True")]
    [InlineData("'cs.unkept'")]
    [InlineData("'cs.ignored'")]
    public async Task A_result_that_nobody_wants_is_not_sent(string call)
    {
        // The second task's result has come, so the first one's would have come before it.
        var states = await Python.RunAsync($"first = app.send_task({call.Replace("'cs.add', 1, 1", "'cs.add', (1, 1)", StringComparison.Ordinal)})\nsend('cs.add', 1, 1).get(timeout=PATIENCE)\nsend('cs.add', 1, 1).get(timeout=PATIENCE)\nreturn first.state");
        Assert.Equal("PENDING", states.GetString());
    }
}
