namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Our own command line against a Python worker.</summary>
public sealed class OwnVerbTests(ControlPlace fleet) : IClassFixture<ControlPlace>
{
    private const int Limit = 180_000;
    private const string Answered = $"->  {ControlPlace.PythonNode}: OK\n";

    [Theory(Timeout = Limit)]
    [InlineData("inspect ping", "        pong")]
    [InlineData("inspect registered", "    * py.add\n")]
    [InlineData("inspect active_queues", "\"name\": \"py\"")]
    [InlineData("inspect stats", "\"prefetch_count\": 8")]
    [InlineData("inspect conf", "\"task_default_queue\": \"py\"")]
    [InlineData("inspect clock", "\"clock\": ")]
    [InlineData("inspect revoked", "- empty -")]
    [InlineData("control rate_limit py.kinds 10/m", "new rate limit set successfully")]
    [InlineData("control time_limit py.kinds 30 60", "time limits set successfully")]
    [InlineData("control enable_events", "task events enabled")]
    public async Task A_Python_worker_is_asked_and_told(string command, string expected)
    {
        var output = await RunAsync($"{command} -d {ControlPlace.PythonNode} -t 10");
        Assert.StartsWith(Answered, output, StringComparison.Ordinal);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task An_error_of_a_Python_worker_is_shown_as_it_says_it()
    {
        var output = await RunAsync($"control autoscale 3 1 -d {ControlPlace.PythonNode} -t 10");
        Assert.Equal($"->  {ControlPlace.PythonNode}: ERROR\n        ValueError('Autoscale not enabled')\n", output);
    }

    [Fact(Timeout = Limit)]
    public async Task Status_names_the_workers_of_both_sides()
    {
        var output = await RunAsync("status -Q py,cs");
        Assert.Contains($"{ControlPlace.PythonNode}: OK", output, StringComparison.Ordinal);
        Assert.Contains($"{ControlPlace.CSharpNode}: OK", output, StringComparison.Ordinal);
        Assert.Contains("2 nodes online.", output, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Events_dump_has_the_heartbeats_of_a_Python_worker()
    {
        // Both beat every two seconds: six of them are from both, unless one is silent.
        var output = await RunAsync("events --dump --limit 6");
        Assert.Contains($"\n{ControlPlace.PythonNode} [", output, StringComparison.Ordinal);
        Assert.Matches($@"\n{ControlPlace.PythonNode} \[[^\]]+\] heartbeat: active=0, clock=\d+, freq=2\.0, .*sw_ident=py-celery, ", output);
    }

    private async Task<string> RunAsync(string command)
    {
        var (code, output) = await PeerProgram.RunAsync([.. command.Split(' '), "--broker", fleet.Url]);
        Assert.True(code == 0 || output.Contains(": ERROR", StringComparison.Ordinal), $"{command}: {code} {output}");
        return output.ReplaceLineEndings("\n");
    }
}
