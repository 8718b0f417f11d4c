using System.Globalization;
using System.Text.Json;
using Celeriac.Interop.Peer;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Workflows of both languages, with results as replies.</summary>
public sealed class WorkflowTests(ControlPlace fleet, InteropPlace place, PythonClient python) : WorkflowFacts(place, python), IClassFixture<ControlPlace>
{
    protected override TaskClient Client => fleet.CSharpWorker.Client;

    public override ValueTask InitializeAsync()
    {
        Python.BrokerUrl = fleet.Url;
        return ValueTask.CompletedTask;
    }
}

/// <summary>The same, with results in Redis.</summary>
public sealed class RedisWorkflowTests(RedisPlace fleet, InteropPlace place, PythonClient python) : WorkflowFacts(place, python), IClassFixture<RedisPlace>
{
    protected override TaskClient Client => fleet.CSharpWorker.Client;

    public override ValueTask InitializeAsync()
    {
        (Python.BrokerUrl, Python.Backend) = (fleet.Url, fleet.Backend);
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_chord_may_have_members_and_bodies_of_both_sides()
    {
        Assert.Equal("[6,6,26]", Plain(await Python.RunAsync("""
            members = [app.signature('cs.add', args=(1, 2)), interop_app.add.s(1).set(queue='py')]
            a = chord(members, interop_app.total.s().set(queue='py')).apply_async()
            b = chord(members, app.signature('cs.total')).apply_async()
            c = chain(group(members), app.signature('cs.total'), interop_app.add.s(20).set(queue='py')).apply_async()
            return [r.get(timeout=PATIENCE) for r in (a, b, c)]
            """)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_chord_may_have_members_and_bodies_of_both_sides()
    {
        var members = Group.Of(PeerTasks.AddTask.S(1, 2), PythonAdd(2).With(1), PeerTasks.AddTask.S(1, 2) | PythonAdd(1));
        var inCSharp = await Client.SendAsync(members | PeerTasks.TotalTask.Partial(), Cancelled);
        var inPython = await Client.SendAsync(members | PythonTotal | PythonAdd(5), Cancelled);
        var nested = await Client.SendAsync(Group.Of(members | PythonTotal, members | PeerTasks.TotalTask.Partial()) | PythonTotal, Cancelled);
        Assert.Equal((10, 15, 20), (await inCSharp.GetAsync(Patience, Cancelled), await inPython.GetAsync(Patience, Cancelled), await nested.GetAsync(Patience, Cancelled)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_failed_member_of_either_side_fails_the_body_of_either_side()
    {
        var theirs = await Python.RunAsync("""
            members = [app.signature('cs.fail', args=('key', 'lost')), interop_app.add.s(1).set(queue='py')]
            errors = [chord(members, body).apply_async().get(timeout=PATIENCE, propagate=False) for body in (interop_app.total.s().set(queue='py'), app.signature('cs.total'))]
            return [describe(error) for error in errors]
            """);
        foreach (var error in theirs.EnumerateArray())
        {
            Assert.Equal("ChordError", error.TextOf("type"));
            Assert.Contains("raised KeyError('lost')", error.TextOf("text"), StringComparison.Ordinal);
        }
        var fails = new Signature("py.fail").WithArgs("Refused", "no").Set(InPython).As<int>();
        var sent = await Client.SendAsync(Group.Of(fails, PeerTasks.AddTask.S(1)) | PythonTotal, Cancelled);
        Assert.Equal("ChordError", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Patience, Cancelled))).RemoteType);
    }

    /// <summary>
    /// Random workflows, from either client, on either side or both. Where Python tasks take part nothing fails: Celery does not tell an outer chord of the failure of an inner one.
    /// More of them: <c>CELERIAC_CANVAS_SEEDS=1000</c>, from another start: <c>CELERIAC_CANVAS_START=5000</c>.
    /// </summary>
    [Theory(Timeout = 600_000)]
    [InlineData("C#", "cs")]
    [InlineData("C#", "py,cs")]
    [InlineData("Python", "cs")]
    [InlineData("Python", "py,cs")]
    public async Task Random_workflows_have_the_results_that_they_must_have(string sender, string places)
    {
        var (count, start) = (Setting("CELERIAC_CANVAS_SEEDS", 5), Setting("CELERIAC_CANVAS_START", 1));
        var drawn = Enumerable.Range(start, count).Select(seed => (Seed: seed, Drawn: new RandomCanvas(seed, places.Split(','), fails: places == "cs").Draw())).ToList();
        TestContext.Current.SendDiagnosticMessage($"{sender} sends to {places}: seeds {start} to {start + count - 1}");
        foreach (var some in drawn.Chunk(20))
        {
            var ids = sender == "C#"
                ? await Task.WhenAll(some.Select(async one => (await Client.SendAsync(one.Drawn.Workflow, Cancelled)).Id))
                : [.. (await Python.RunAsync($"import json\nreturn [signature(json.loads(text), app=app).apply_async().id for text in json.loads({JsonSerializer.Serialize(JsonSerializer.Serialize(some.Select(one => one.Drawn.Workflow.ToJson())))})]")).EnumerateArray().Select(id => id.GetString()!)];
            foreach (var (one, id) in some.Zip(ids))
            {
                var value = await EndAsync(id);
                Assert.True(value == (one.Drawn.Result?.ToString(CultureInfo.InvariantCulture) ?? TaskStates.Failure), $"seed {one.Seed}, {sender} to {places}: {value}, not {one.Drawn.Result}: {one.Drawn.Workflow.ToJson()}");
            }
        }
    }

    private async Task<string> EndAsync(string id)
    {
        try
        {
            var record = await Client.Result(id).WaitAsync(Patience, Cancelled);
            return record.Status == TaskStates.Success ? System.Text.Encoding.UTF8.GetString(record.Result.Span) : record.Status;
        }
        catch (TimeoutException)
        {
            return $"nothing in {Patience.TotalSeconds} s";
        }
    }

    private static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    private static Partial<IReadOnlyList<int>, int> PythonTotal => new Signature("py.sum").Set(InPython).AsPartial<IReadOnlyList<int>, int>();
}

/// <summary>Workflows of both languages, whatever the results are kept in.</summary>
public abstract class WorkflowFacts(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    protected abstract TaskClient Client { get; }

    public abstract ValueTask InitializeAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_chain_alternates_between_the_languages() =>
        Assert.Equal(1117, (await Python.RunAsync("return chain(interop_app.add.s(1, 2), app.signature('cs.add', args=(10,)), interop_app.add.s(4).set(queue='py'), app.signature('cs.add', args=(100,)), app.signature('cs.add', args=(1000,))).apply_async().get(timeout=PATIENCE)")).GetInt32());

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_chain_alternates_between_the_languages()
    {
        var sent = await Client.SendAsync(PeerTasks.AddTask.S(1, 2) | PythonAdd(10) | PeerTasks.AddTask.Partial(100), Cancelled);
        Assert.Equal(113, await sent.GetAsync(Patience, Cancelled));
        Assert.Equal("13", System.Text.Encoding.UTF8.GetString((await sent.Parent!.GetJsonAsync(Patience, Cancelled)).Span));
    }

    [Fact(Timeout = Limit)]
    public async Task A_failure_in_CSharp_is_told_to_the_end_of_a_Python_chain()
    {
        var outcome = await Python.RunAsync("return outcome(chain(interop_app.add.s(1, 2), app.signature('cs.fail', args=('key', 'lost'), immutable=True), interop_app.add.s(4).set(queue='py'), app.signature('cs.add', args=(1,))).apply_async())");
        Assert.Equal("KeyError", outcome.GetProperty("error").TextOf("type"));
        Assert.StartsWith("Traceback", outcome.TextOf("traceback"), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_failure_in_Python_is_told_to_the_end_of_a_CSharp_chain()
    {
        var fails = new Signature("py.fail").WithArgs("Refused", "no").Set(InPython).As<int>();
        var sent = await Client.SendAsync(PeerTasks.AddTask.S(1, 2) | fails | PeerTasks.AddTask.Partial(4) | PythonAdd(1), Cancelled);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Patience, Cancelled));
        Assert.Equal(("Refused", sent.Id), (error.RemoteType, error.TaskId));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_link_and_errback_come_after_a_CSharp_task()
    {
        var ledger = Path.Combine(Path.GetTempPath(), $"celeriac-links-{Guid.NewGuid():N}");
        try
        {
            await Python.RunAsync($"return send('cs.add', 1, 2, link=app.signature('shared.ordered', args=('{ledger}', 5), immutable=True).set(queue='py')).get(timeout=PATIENCE)");
            await EventuallyAsync(() => Task.FromResult(Lines().Contains("5 py")), "the link has run");
            var failed = await Python.OutcomeAsync($"'cs.fail', 'key', 'lost', link_error=app.signature('shared.ordered', args=('{ledger}', 6), immutable=True).set(queue='py')");
            Assert.Equal("KeyError", failed.GetProperty("error").TextOf("type"));
            await EventuallyAsync(() => Task.FromResult(Lines().Contains("6 py")), "the errback has run");
        }
        finally
        {
            File.Delete(ledger);
        }

        string[] Lines() => File.Exists(ledger) ? File.ReadAllLines(ledger) : [];
    }

    [Fact(Timeout = Limit)]
    public async Task A_group_may_hold_tasks_of_both_sides()
    {
        Assert.Equal("[3,7]", Plain(await Python.RunAsync("return group(app.signature('cs.add', args=(1, 2)), interop_app.add.s(3, 4)).apply_async().get(timeout=PATIENCE)")));
        var sent = await Client.SendAsync(Group.Of(PeerTasks.AddTask.S(1, 2), PythonAdd(4).With(3), PeerTasks.AddTask.S(5, 6) | PythonAdd(1)), Cancelled);
        var results = await sent.GetAsync(Patience, Cancelled);
        Assert.Equal([3, 7, 12], results);
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_chain_may_end_in_a_group_after_a_CSharp_task() =>
        Assert.Equal("[13,23]", Plain(await Python.RunAsync("return chain(app.signature('cs.add', args=(1, 2)), group(interop_app.add.s(10).set(queue='py'), app.signature('cs.add', args=(20,)))).apply_async().get(timeout=PATIENCE)")));

    [Fact(Timeout = Limit)]
    public async Task Python_makes_a_signature_of_what_CSharp_writes_and_the_other_way_round()
    {
        var json = (PythonAdd(4).With(3) | PeerTasks.AddTask.Partial(1)).ToJson();
        Assert.Equal(8, (await Python.RunAsync($"import json\nreturn signature(json.loads('''{json}'''), app=app).apply_async().get(timeout=PATIENCE)")).GetInt32());
        var theirs = (await Python.RunAsync("import json\nreturn json.dumps(chain(app.signature('cs.add', args=(1, 2)), interop_app.add.s(10).set(queue='py')))")).GetString()!;
        Assert.Equal(13, await (await Client.SendAsync(Signature.FromJson(theirs).As<int>(), Cancelled)).GetAsync(Patience, Cancelled));
    }

    protected static Partial<int, int> PythonAdd(int other) => new Signature("py.add").WithArgs(other).Set(InPython).AsPartial<int, int>();

    protected static SendOptions InPython(SendOptions options) => options with { Queue = "py" };
}
