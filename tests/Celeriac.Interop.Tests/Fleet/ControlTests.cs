using System.Text.Json;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Celery's own command line against a fleet of one Python and one C# worker: both must give the same answers.</summary>
public sealed class ControlTests(ControlPlace fleet, PythonClient python) : IClassFixture<ControlPlace>, IClassFixture<PythonClient>, IAsyncLifetime
{
    private const int Limit = 180_000;
    private const string Both = $"{ControlPlace.CSharpNode},{ControlPlace.PythonNode}";

    public ValueTask InitializeAsync()
    {
        python.BrokerUrl = fleet.Url;
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Commands whose answer is the same, word for word. Those that change something come in the order that puts it back.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("inspect ping")]
    [InlineData("inspect active")]
    [InlineData("inspect reserved")]
    [InlineData("inspect scheduled")]
    [InlineData("inspect revoked")]
    [InlineData("inspect query_task 11111111-2222-3333-4444-555555555555")]
    [InlineData("control rate_limit shared.work 10/m", "control rate_limit shared.work 10000/s")]
    [InlineData("control rate_limit no.such 10/m")]
    [InlineData("control rate_limit shared.work often")]
    [InlineData("control time_limit shared.work 30 60")]
    [InlineData("control time_limit no.such 10")]
    [InlineData("control enable_events", "control enable_events", "control disable_events", "control disable_events")]
    [InlineData("control heartbeat")]
    [InlineData("control pool_grow 1", "control pool_shrink 1")]
    [InlineData("control pool_restart")]
    [InlineData("control autoscale 10 3")]
    [InlineData("control add_consumer another", "control cancel_consumer another")]
    [InlineData("control revoke 11111111-2222-3333-4444-555555555555", "inspect revoked")]
    [InlineData("control terminate SIGTERM 99999999-2222-3333-4444-555555555555")]
    public async Task A_CSharp_worker_answers_what_a_Python_worker_answers(params string[] commands)
    {
        foreach (var command in commands)
        {
            var (code, replies) = await AskAsync(command);
            Assert.Equal(0, code);
            Assert.Equal(Shape(replies.GetProperty(ControlPlace.PythonNode)), Shape(replies.GetProperty(ControlPlace.CSharpNode)));
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("inspect stats", "broker", "clock", "pid", "pool", "prefetch_count", "rusage", "total", "uptime")]
    [InlineData("inspect clock", "clock")]
    [InlineData("inspect conf", "broker_url", "result_backend", "task_default_queue")]
    public async Task An_object_has_the_keys_that_a_Python_workers_has(string command, params string[] keys)
    {
        var (_, replies) = await AskAsync(command);
        Assert.Subset(replies.GetProperty(ControlPlace.PythonNode).EnumerateObject().Select(property => property.Name).ToHashSet(), keys.ToHashSet());
        Assert.Subset(replies.GetProperty(ControlPlace.CSharpNode).EnumerateObject().Select(property => property.Name).ToHashSet(), keys.ToHashSet());
    }

    [Theory(Timeout = Limit)]
    [InlineData("broker")]
    [InlineData("pool")]
    public async Task The_parts_of_stats_have_the_keys_and_types_of_a_Python_workers(string part)
    {
        var (_, replies) = await AskAsync("inspect stats");
        var ours = replies.GetProperty(ControlPlace.CSharpNode).GetProperty(part);
        foreach (var property in replies.GetProperty(ControlPlace.PythonNode).GetProperty(part).EnumerateObject())
        {
            Assert.True(ours.TryGetProperty(property.Name, out var value), $"{part}.{property.Name} is missing.");
            Assert.True(value.ValueKind == property.Value.ValueKind || value.ValueKind is JsonValueKind.Null or JsonValueKind.String || property.Value.ValueKind == JsonValueKind.Null, $"{part}.{property.Name}: {value} where Python has {property.Value}");
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_is_described_with_every_key_of_a_Python_workers()
    {
        var (_, replies) = await AskAsync("inspect active_queues");
        var theirs = replies.GetProperty(ControlPlace.PythonNode)[0];
        var ours = replies.GetProperty(ControlPlace.CSharpNode)[0];
        Assert.Equal(theirs.EnumerateObject().Select(property => property.Name), ours.EnumerateObject().Select(property => property.Name));
        Assert.Equal(theirs.GetProperty("exchange").EnumerateObject().Select(property => property.Name), ours.GetProperty("exchange").EnumerateObject().Select(property => property.Name));
        Assert.Equal("cs", ours.TextOf("name"));
    }

    [Fact(Timeout = Limit)]
    public async Task The_registered_tasks_are_listed()
    {
        var (_, replies) = await AskAsync("inspect registered");
        Assert.Contains("cs.add", replies.GetProperty(ControlPlace.CSharpNode).EnumerateArray().Select(task => task.GetString()));
        Assert.Contains("py.add", replies.GetProperty(ControlPlace.PythonNode).EnumerateArray().Select(task => task.GetString()));
    }

    [Theory(Timeout = Limit)]
    [InlineData("report", "celeriac:")]
    [InlineData("memsample", "MB")]
    public async Task A_text_is_shown(string command, string text) => Assert.Contains(text, await TextAsync($"inspect {command} -d {ControlPlace.CSharpNode}"), StringComparison.Ordinal);

    [Theory(Timeout = Limit)]
    [InlineData("memdump")]
    [InlineData("objgraph")]
    public async Task What_only_Python_has_is_an_error_that_says_so(string command) =>
        Assert.Contains(".NET", await TextAsync($"inspect {command} -d {ControlPlace.CSharpNode}"), StringComparison.Ordinal);

    [Fact(Timeout = Limit)]
    public async Task Status_lists_both_workers()
    {
        var text = await TextAsync("status");
        Assert.Contains($"{ControlPlace.CSharpNode}: OK", text, StringComparison.Ordinal);
        Assert.Contains($"{ControlPlace.PythonNode}: OK", text, StringComparison.Ordinal);
        Assert.Contains("2 nodes online.", text, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Call_prints_the_id_and_result_the_value_where_results_are_kept()
    {
        var text = await TextAsync("call cs.add -a [2,3] --queue cs");
        Assert.True(Guid.TryParse(text.Trim(), out _), text);
    }

    [Fact(Timeout = Limit)]
    public async Task A_running_task_is_active_in_the_words_of_a_Python_worker_and_terminate_ends_it_as_REVOKED()
    {
        var answer = await python.RunAsync($$"""
            from celery.exceptions import TaskRevokedError
            ours, theirs = send('cs.nap', 60), send('py.nap', 60)
            inspect = app.control.inspect(destination=['{{ControlPlace.CSharpNode}}', '{{ControlPlace.PythonNode}}'], timeout=5)
            deadline = time.time() + PATIENCE
            while time.time() < deadline:
                active = inspect.active()
                if all(active.values()) and len(active) == 2:
                    break
            found = inspect.query_task([ours.id, theirs.id])
            told = app.control.terminate([ours.id, theirs.id], reply=True, timeout=5, destination=['{{ControlPlace.CSharpNode}}', '{{ControlPlace.PythonNode}}'])
            ends = [outcome(ours), outcome(theirs)]
            return {'active': active, 'found': found, 'told': {k: v for part in told for k, v in part.items()}, 'ends': ends}
            """);
        var ours = answer.GetProperty("active").GetProperty(ControlPlace.CSharpNode)[0];
        var theirs = answer.GetProperty("active").GetProperty(ControlPlace.PythonNode)[0];
        Assert.Equal(theirs.EnumerateObject().Select(property => property.Name).Order(), ours.EnumerateObject().Select(property => property.Name).Order());
        Assert.Equal("active", answer.GetProperty("found").GetProperty(ControlPlace.CSharpNode).GetProperty(ours.TextOf("id"))[0].GetString());
        Assert.StartsWith("terminate: ", answer.GetProperty("told").GetProperty(ControlPlace.CSharpNode).TextOf("ok"), StringComparison.Ordinal);
        Assert.All(answer.GetProperty("ends").EnumerateArray(), end => Assert.Equal(("REVOKED", "TaskRevokedError", "terminated"), (end.TextOf("state"), end.GetProperty("error").TextOf("type"), end.GetProperty("error").TextOf("text"))));
    }

    [Fact(Timeout = Limit)]
    public async Task A_task_that_is_revoked_before_it_runs_ends_as_REVOKED_on_both_sides()
    {
        var ends = await python.RunAsync("""
            waiting = [send('cs.add', 1, 1, countdown=1.5), send('py.add', 1, 1, countdown=1.5)]
            app.control.revoke([result.id for result in waiting], reply=True, timeout=0.5)
            return [outcome(result) for result in waiting]
            """);
        Assert.All(ends.EnumerateArray(), end => Assert.Equal(("REVOKED", "revoked"), (end.TextOf("state"), end.GetProperty("error").TextOf("text"))));
    }

    [Fact(Timeout = Limit)]
    public async Task An_unknown_command_is_answered_with_an_error()
    {
        var answer = await python.RunAsync($"return app.control.broadcast('no_such', reply=True, timeout=3, destination={Nodes})");
        Assert.All(answer.EnumerateArray().SelectMany(part => part.EnumerateObject()), part => Assert.True(part.Value.TryGetProperty("error", out _), part.ToString()));
        Assert.Equal(2, answer.GetArrayLength());
    }

    [Fact(Timeout = Limit)]
    public async Task The_requests_that_Flower_makes_are_answered_in_full()
    {
        var answer = await python.RunAsync($$"""
            inspect = app.control.inspect(timeout=3, destination=['{{ControlPlace.CSharpNode}}'])
            return {name: getattr(inspect, name)()['{{ControlPlace.CSharpNode}}'] for name in ('stats', 'active_queues', 'registered', 'scheduled', 'active', 'reserved', 'revoked', 'conf')}
            """);
        Assert.All(answer.EnumerateObject(), reply => Assert.NotEqual(JsonValueKind.Null, reply.Value.ValueKind));
        Assert.All(answer.EnumerateObject().Where(reply => reply.Value.ValueKind == JsonValueKind.Object), reply => Assert.False(reply.Value.TryGetProperty("error", out _)));
    }

    private const string Nodes = $"['{ControlPlace.CSharpNode}', '{ControlPlace.PythonNode}']";

    private async Task<(int Code, JsonElement Replies)> AskAsync(string command)
    {
        var answer = await python.RunAsync($"return command({Arguments($"{command} -j -t 5 -d {Both}")})");
        var output = answer.TextOf("output");
        try
        {
            return (answer.GetProperty("code").GetInt32(), Flat(JsonDocument.Parse(output).RootElement));
        }
        catch (JsonException)
        {
            Assert.Fail($"{command}: {output}");
            throw;
        }
    }

    private async Task<string> TextAsync(string command) => (await python.RunAsync($"return command({Arguments(command)})")).TextOf("output");

    private static string Arguments(string command) => string.Join(", ", command.Split(' ').Select(PythonProgram.Literal));

    // `inspect -j` prints an object of nodes, `control -j` an array of objects with a node each.
    private static JsonElement Flat(JsonElement replies) => replies.ValueKind == JsonValueKind.Object
        ? replies
        : JsonSerializer.SerializeToElement(replies.EnumerateArray().SelectMany(reply => reply.EnumerateObject()).ToDictionary(part => part.Name, part => part.Value));

    // Celery holds the ids of revoked tasks in a set: ids that came with one command have no order.
    private static string Shape(JsonElement reply) => reply.ValueKind == JsonValueKind.Array
        ? string.Join(", ", reply.EnumerateArray().Select(Shape).Order(StringComparer.Ordinal))
        : JsonSerializer.Serialize(reply);
}

/// <summary>A fleet of one Python and one C# worker in a virtual host of its own.</summary>
public sealed class ControlPlace(InteropPlace place) : IAsyncLifetime
{
    public const string PythonNode = "py@control";
    public const string CSharpNode = "cs@control";
    private PythonWorker? _python;
    private CSharpWorker? _cSharp;

    public string Url { get; private set; } = "";

    public PythonWorker PythonWorker => _python!;

    public CSharpWorker CSharpWorker => _cSharp!;

    /// <summary>Runs <c>celery events --dump</c> beside an action, until it has printed a word; answers all that it printed.</summary>
    public async Task<string> DumpAsync(Func<Task> action, string until)
    {
        var start = new System.Diagnostics.ProcessStartInfo(PythonProgram.Interpreter, ["-m", "celery", "-A", "interop_app", "events", "--dump"]) { RedirectStandardOutput = true };
        start.Environment.Clear();
        foreach (var (name, value) in PythonProgram.Environment(Url, null, "py", "cs"))
        {
            start.Environment[name] = value;
        }
        using var dump = System.Diagnostics.Process.Start(start)!;
        var said = new System.Text.StringBuilder();
        try
        {
            // Its first line is the heartbeat of a worker: from then on it listens.
            said.AppendLine(await ReadAsync(dump));
            await action();
            for (var line = ""; !line.Contains(until, StringComparison.Ordinal) && !line.Contains(until.Replace('-', ' '), StringComparison.Ordinal);)
            {
                line = await ReadAsync(dump);
                said.AppendLine(line);
            }
            return said.ToString();
        }
        finally
        {
            dump.Kill();
            await dump.WaitForExitAsync();
        }
    }

    private static async Task<string> ReadAsync(System.Diagnostics.Process process) =>
        await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException("It ended.");

    public async ValueTask InitializeAsync()
    {
        Url = await place.NewVirtualHostAsync($"control-{Guid.NewGuid().ToString("N")[..6]}");
        var starting = PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Url, Node = PythonNode });
        _cSharp = await CSharpWorker.StartAsync(Url, "cs", CSharpNode);
        _python = await starting;
    }

    public async ValueTask DisposeAsync()
    {
        // Nothing that these tests do through the C# worker may make the Python worker complain; the rest is what it was asked for.
        var complaints = _python!.Complaints(["raised unexpected", "Terminating", "TypeError(", "ValueError(", "KeyError(", "no_such", "Retry in", "Reject", "for unknown task"]);
        await _cSharp!.DisposeAsync();
        await _python.DisposeAsync();
        Assert.Empty(complaints);
    }
}
