using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Celeriac.Interop.Tests.CSharpToPython;

/// <summary>C# calls Python: failures, retries, times, limits and states as the C# caller sees them.</summary>
public sealed class OutcomeTests(InteropPlace place) : PythonTest(place)
{
    [Theory(Timeout = Limit)]
    [InlineData("ValueError", "builtins", """["ValueError", "boom", 42]""", "boom, 42")]
    [InlineData("KeyError", "builtins", """["KeyError", "lost"]""", "lost")]
    [InlineData("ZeroDivisionError", "builtins", """["ZeroDivisionError", "division by zero"]""", "division by zero")]
    [InlineData("Refused", "interop_app", """["Refused", "no", {"a": [1]}]""", "no, {\"a\": [1]}")]
    [InlineData("OSError", "builtins", """["OSError"]""", "")]
    public async Task A_Python_exception_is_a_RemoteTaskException_with_its_type_module_and_arguments(string type, string module, string args, string message)
    {
        var error = await FailureAsync(Call<int>("py.fail", args));
        Assert.Equal(("FAILURE", type, module, message), (error.State, error.RemoteType, error.RemoteModule, error.RemoteMessage));
    }

    [Fact(Timeout = Limit)]
    public async Task The_traceback_names_the_Python_line()
    {
        var error = await FailureAsync(Call<int>("py.fail", """["ValueError", "boom"]"""));
        Assert.StartsWith("Traceback (most recent call last):", error.Traceback, StringComparison.Ordinal);
        Assert.Contains("interop_app.py", error.Traceback, StringComparison.Ordinal);
        Assert.Contains(error.Traceback!, error.ToString(), StringComparison.Ordinal);
    }

    [Theory(Timeout = Limit)]
    [InlineData("py.add", "[1, 2, 3]", "{}", "takes from 1 to 2 positional arguments but 3 were given")]
    [InlineData("py.add", "[]", "{}", "missing 1 required positional argument: 'x'")]
    [InlineData("py.add", "[1]", """{"z": 1}""", "got an unexpected keyword argument 'z'")]
    public async Task Wrong_arguments_are_Pythons_TypeError(string task, string args, string kwargs, string text)
    {
        var error = await FailureAsync(Call<int>(task, args, kwargs));
        Assert.Equal("TypeError", error.RemoteType);
        Assert.Contains(text, error.RemoteMessage, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task An_unknown_task_is_NotRegistered()
    {
        var error = await FailureAsync(Call<int>("py.nobody"));
        Assert.Equal(("NotRegistered", "celery.exceptions", "py.nobody"), (error.RemoteType, error.RemoteModule, error.RemoteMessage));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_retry_runs_again_and_its_result_is_awaited() =>
        Assert.Equal(3, await ValueAsync(Call<int>("py.flaky", "[3]")));

    [Fact(Timeout = Limit)]
    public async Task Between_two_Python_runs_the_state_is_RETRY_with_the_cause()
    {
        var sent = await Client.SendAsync(Call<int>("py.flaky", "[2, 2.0]"));
        await UntilAsync(async () => await sent.StateAsync() == "RETRY", "the state RETRY");
        Assert.Contains("TimeoutError", Encoding.UTF8.GetString((await sent.RecordAsync())!.Result.Span), StringComparison.Ordinal);
        Assert.Equal(2, await sent.GetAsync(Patience));
    }

    [Fact(Timeout = Limit)]
    public async Task When_Pythons_retries_are_used_up_the_cause_is_the_failure()
    {
        var error = await FailureAsync(Call<int>("py.stubborn"));
        Assert.Equal(("OSError", "disk on fire"), (error.RemoteType, error.RemoteMessage));
    }

    [Theory(Timeout = Limit)]
    [InlineData(0.7)]
    [InlineData(3)]
    public async Task A_countdown_is_kept_never_early(double seconds)
    {
        var clock = Stopwatch.StartNew();
        await ValueAsync(Call<double>("py.time", options: new SendOptions { Countdown = TimeSpan.FromSeconds(seconds) }));
        Assert.InRange(clock.Elapsed.TotalSeconds, seconds, seconds + 30);
    }

    [Fact(Timeout = Limit)]
    public async Task An_eta_in_another_zone_is_the_same_moment()
    {
        var clock = Stopwatch.StartNew();
        var eta = TimeProvider.System.GetUtcNow().AddSeconds(1).ToOffset(TimeSpan.FromHours(-9.5));
        await ValueAsync(Call<double>("py.time", options: new SendOptions { Eta = eta }));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 31);
    }

    [Fact(Timeout = Limit)]
    public async Task An_expired_task_is_REVOKED()
    {
        var error = await FailureAsync(Call<int>("py.add", "[1, 1]", options: new SendOptions { Expires = TimeProvider.System.GetUtcNow().AddSeconds(-1) }));
        Assert.Equal(("REVOKED", "TaskRevokedError", "expired"), (error.State, error.RemoteType, error.RemoteMessage));
    }

    [Fact(Timeout = Limit)]
    public async Task A_soft_limit_of_the_call_reaches_the_Python_task() =>
        Assert.Equal("cleaned up", await ValueAsync(Call<string>("py.soft", "[30]", options: new SendOptions { SoftTimeLimit = TimeSpan.FromSeconds(1), TimeLimit = TimeSpan.FromSeconds(20) })));

    [Fact(Timeout = Limit)]
    public async Task A_hard_limit_of_the_call_ends_as_TimeLimitExceeded()
    {
        var error = await FailureAsync(Call<string>("py.nap", "[30]", options: new SendOptions { TimeLimit = TimeSpan.FromSeconds(1) }));
        Assert.Equal(("TimeLimitExceeded", "billiard.exceptions"), (error.RemoteType, error.RemoteModule));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_task_that_tracks_its_start_ends_as_SUCCESS()
    {
        var sent = await Client.SendAsync(Call<string>("py.tracked"));
        Assert.Equal("tracked", await sent.GetAsync(Patience));
        Assert.Equal("SUCCESS", await sent.StateAsync());
        Assert.True(await sent.ReadyAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_state_of_its_own_is_seen_with_its_meta()
    {
        var gate = Path.Combine(Path.GetTempPath(), $"celeriac-gate-{Guid.NewGuid():N}");
        var sent = await Client.SendAsync(Call<string>("py.halfway", JsonSerializer.Serialize<string[]>([gate])));
        await UntilAsync(async () => await sent.StateAsync() == "PROGRESS", "PROGRESS while the task runs");
        var progress = await sent.RecordAsync();
        await File.WriteAllTextAsync(gate, "");

        Assert.Equal("""{"done":2,"of":4}""", JsonSerializer.Serialize(JsonElement.Parse(progress!.Result.Span)));
        Assert.Equal("done", await sent.GetAsync(Patience));
        File.Delete(gate);
    }

    [Fact(Timeout = Limit)]
    public async Task A_result_that_nobody_wants_is_not_sent()
    {
        var unwanted = await Client.SendAsync(Call<int>("py.add", "[1, 1]", options: new SendOptions { IgnoreResult = true }));
        Assert.Equal("PENDING", await unwanted.StateAsync());
        Assert.Equal(2, await ValueAsync(Call<int>("py.add", "[1, 1]")));
        Assert.Equal("PENDING", await unwanted.StateAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task The_record_of_a_Python_result_has_what_Celery_put_into_it()
    {
        var sent = await Client.SendAsync(Call<JsonElement>("py.echo", """[{"a": 1}]"""));
        var record = await sent.WaitAsync(Patience);
        Assert.Equal(("SUCCESS", sent.Id, null), (record.Status, record.TaskId, record.Traceback));
        Assert.Empty(await sent.ChildrenAsync());
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, $"Not in time: {what}");
            await pause.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
