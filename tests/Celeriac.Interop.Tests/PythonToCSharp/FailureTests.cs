namespace Celeriac.Interop.Tests.PythonToCSharp;

/// <summary>Python calls C#, and C# fails: what the Python caller catches.</summary>
public sealed class FailureTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Place.CSharpWorkerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = Limit)]
    [InlineData("argument", "ValueError")]
    [InlineData("key", "KeyError")]
    [InlineData("cast", "TypeError")]
    [InlineData("notimplemented", "NotImplementedError")]
    [InlineData("file", "FileNotFoundError")]
    [InlineData("permission", "PermissionError")]
    [InlineData("io", "OSError")]
    [InlineData("timeout", "TimeoutError")]
    [InlineData("division", "ZeroDivisionError")]
    [InlineData("overflow", "OverflowError")]
    public async Task An_exception_of_the_runtime_is_caught_as_Pythons_own(string kind, string expected)
    {
        var outcome = await Python.OutcomeAsync($"'cs.fail', '{kind}', 'no such luck'");
        var error = outcome.GetProperty("error");
        Assert.Equal(("FAILURE", expected, "builtins"), (outcome.TextOf("state"), error.TextOf("type"), error.TextOf("module")));
        Assert.Contains("no such luck", error.TextOf("text"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_chosen_exception_is_caught_as_the_apps_own_class_with_its_arguments()
    {
        var caught = await Python.RunAsync("""
            try:
                send('cs.fail', 'app', 'no such luck').get(timeout=PATIENCE)
            except interop_app.Refused as error:
                return list(error.args)
            """);
        Assert.Equal("""["no such luck","second"]""", Plain(caught));
    }

    [Fact(Timeout = Limit)]
    public async Task Another_exception_becomes_a_class_of_its_name()
    {
        var error = (await Python.OutcomeAsync("'cs.fail', 'other', 'no such luck'")).GetProperty("error");
        Assert.Equal(("InvalidOperationException", "no such luck"), (error.TextOf("type"), error.TextOf("text")));
        Assert.Contains("Exception", Plain(error.GetProperty("bases")), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task The_traceback_names_the_CSharp_method_under_Pythons_heading()
    {
        var outcome = await Python.OutcomeAsync("'cs.fail', 'argument', 'no such luck'");
        Assert.StartsWith("Traceback (most recent call last):", outcome.TextOf("traceback"), StringComparison.Ordinal);
        Assert.Contains("PeerTasks.Fail", outcome.TextOf("traceback"), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData("'cs.order', 1", "missing 1 required positional argument: 'customerName'")]
    [InlineData("'cs.add', 1, 2, 3", "takes from 1 to 2 positional arguments but 3 were given")]
    [InlineData("'cs.add', 1, kwargs={'z': 1}", "got an unexpected keyword argument 'z'")]
    [InlineData("'cs.add', 1, kwargs={'x': 1}", "got multiple values for argument 'x'")]
    [InlineData("'cs.add', 'one'", "x")]
    [InlineData("'cs.add', 1.5", "x")]
    [InlineData("'cs.add', 2 ** 40", "x")]
    [InlineData("'cs.add', None", "x")]
    public async Task Wrong_arguments_are_a_TypeError_worded_as_in_Python(string call, string text)
    {
        var error = (await Python.OutcomeAsync(call)).GetProperty("error");
        Assert.Equal(("TypeError", "builtins"), (error.TextOf("type"), error.TextOf("module")));
        Assert.Contains(text, error.TextOf("text"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task An_unknown_task_is_caught_as_NotRegistered()
    {
        var outcome = await Python.RunAsync("""
            from celery.exceptions import NotRegistered
            result = send('cs.nobody')
            try:
                result.get(timeout=PATIENCE)
            except NotRegistered as error:
                return [result.state, str(error)]
            """);
        Assert.Equal("FAILURE", outcome[0].GetString());
        Assert.Contains("cs.nobody", outcome[1].GetString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_rejected_task_is_caught_as_Reject() =>
        Assert.Equal("Reject", (await Python.OutcomeAsync("'cs.rejected'")).GetProperty("error").TextOf("type"));

    [Fact(Timeout = Limit)]
    public async Task Retries_run_again_with_the_same_id_and_each_state_is_seen()
    {
        var outcome = await Python.OutcomeAsync("'cs.flaky', 3");
        Assert.Equal(3, outcome.GetProperty("value").GetInt32());
        Assert.Equal(["RETRY", "RETRY", "SUCCESS"], outcome.GetProperty("seen").EnumerateArray().Select(seen => seen.TextOf("status")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_retry_with_a_countdown_waits_that_long()
    {
        var outcome = await Python.RunAsync("start = time.time()\nanswer = outcome(send('cs.flaky', 2, kwargs={'delay': 1.0}))\nanswer['took'] = time.time() - start\nreturn answer");
        Assert.Equal(2, outcome.GetProperty("value").GetInt32());
        Assert.InRange(outcome.GetProperty("took").GetDouble(), 1, 20);
    }

    [Fact(Timeout = Limit)]
    public async Task When_the_retries_are_used_up_the_cause_is_caught()
    {
        var error = (await Python.OutcomeAsync("'cs.stubborn'")).GetProperty("error");
        Assert.Equal(("OSError", "disk on fire"), (error.TextOf("type"), error.TextOf("text")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_failure_reaches_on_error_and_propagate_false_gives_the_exception_itself()
    {
        var answer = await Python.RunAsync("value = send('cs.fail', 'key', 'lost').get(timeout=PATIENCE, propagate=False)\nreturn [type(value).__name__, isinstance(value, KeyError), list(value.args)]");
        Assert.Equal("""["KeyError",true,["lost"]]""", Plain(answer));
    }
}
