namespace Celeriac.Interop.Tests.Fleet;

/// <summary>The Python module that <c>stubs</c> writes, used by a Python app against the C# worker.</summary>
public sealed class StubTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-stubs-");

    public async ValueTask InitializeAsync()
    {
        await Place.CSharpWorkerAsync();
        var (code, output) = await PeerProgram.RunAsync("stubs", "-o", Path.Combine(_folder.FullName, "peer_tasks.py"), "--broker", Place.Server.AmqpUrl);
        Assert.True(code == 0, output);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory(Timeout = Limit)]
    [InlineData("tasks.cs.add.delay(2, y=3)", "5")]
    [InlineData("tasks.cs.add.delay(2)", "4")]
    [InlineData("tasks.cs.sum.delay(1, 2, 3)", "6")]
    [InlineData("tasks.cs.order.delay(order_id=7, customer_name='Ann', lines=['a', 'b'])", "\"7|Ann|1.5|a,b\"")]
    [InlineData("tasks.cs.add.apply_async((20,), {'y': 1}, countdown=0.2)", "21")]
    [InlineData("chain(interop_app.echo.s(4), tasks.cs.add.s(10)).apply_async()", "14")]
    [InlineData("group(tasks.cs.add.s(1, 1), tasks.cs.add.s(2, 2)).apply_async()", "[2,4]")]
    public async Task A_call_through_the_module_runs_in_the_CSharp_worker(string call, string expected)
    {
        if (call.Contains("interop_app", StringComparison.Ordinal))
        {
            await Place.PythonWorkerAsync();
        }
        Assert.Equal(expected, Plain(await RunAsync($"return {call}.get(timeout=PATIENCE)")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_call_that_does_not_fit_is_refused_before_it_is_sent() =>
        Assert.Contains("'z'", (await RunAsync("try:\n    tasks.cs.add.delay(1, z=2)\nexcept TypeError as error:\n    return str(error)")).GetString(), StringComparison.Ordinal);

    private Task<System.Text.Json.JsonElement> RunAsync(string program) =>
        Python.RunAsync($"if {PythonProgram.Literal(_folder.FullName)} not in sys.path:\n    sys.path.insert(0, {PythonProgram.Literal(_folder.FullName)})\nimport peer_tasks as tasks\n{program}");
}
