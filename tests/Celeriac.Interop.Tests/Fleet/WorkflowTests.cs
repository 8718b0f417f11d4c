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
public sealed partial class RedisWorkflowTests(RedisPlace fleet, InteropPlace place, PythonClient python) : WorkflowFacts(place, python), IClassFixture<RedisPlace>
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
    public async Task Members_of_several_types_may_run_on_both_sides()
    {
        var text = new Signature("py.echo").WithArgs("text").Set(InPython).As<string>();
        var chord = Group.Of(PeerTasks.AddTask.S(1, 2), text, Group.Of(PeerTasks.AddTask.S(3, 4), PythonAdd(5).With(6))) | new Signature("py.echo").Set(InPython).AsPartial<(int, string, int[]), (int, string, int[])>();
        var (number, word, numbers) = await (await Client.SendAsync(chord, Cancelled)).GetAsync(Patience, Cancelled);
        Assert.Equal((3, "text", "7,11"), (number, word, string.Join(',', numbers)));
    }

    /// <summary>Members of either side, failed ones of both among them, and an errback of either.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("py", "cs.failed")]
    [InlineData("py", "py.failed")]
    [InlineData("cs", "cs.failed")]
    [InlineData("cs", "py.failed")]
    public async Task A_failed_member_reaches_the_errback_of_the_body_once(string side, string errback)
    {
        using var ledger = new Ledger();
        Signature[] members = side == "py"
            ? [new Signature("py.fail").WithArgs("Refused", "no"), new Signature("py.add").WithArgs(1), new Signature("py.fail").WithArgs("Refused", "again")]
            : [new Signature("cs.fail").WithArgs("key", "lost"), new Signature("cs.add").WithArgs(1), new Signature("cs.fail").WithArgs("key", "again")];
        var body = On(side == "py" ? "cs" : "py", new Signature(side == "py" ? "cs.total" : "py.sum")).LinkError(On(errback[..2], ledger.Of(errback)));
        var sent = await Client.SendAsync(Group.Of(members.Select(member => On(side, member))) | body, Cancelled);
        await EventuallyAsync(() => Task.FromResult(ledger.Lines.Length > 0), "the errback has run");
        Assert.Equal(TaskStates.Failure, (await sent.WaitAsync(Patience, Cancelled)).Status);
        // What would call it again came before these.
        await (await Client.SendAsync(Group.Of(PeerTasks.AddTask.S(1), PythonAdd(1).With(1)), Cancelled)).GetAsync(Patience, Cancelled);
        Assert.StartsWith(sent.Id, Assert.Single(ledger.Lines), StringComparison.Ordinal);
    }

    /// <summary>What comes back is where the results are, in both languages.</summary>
    [Fact(Timeout = Limit)]
    public async Task Chunks_that_a_worker_of_either_side_is_given_are_sent_as_a_group() =>
        Assert.Equal("[[[3,7],[11]],[[3,7],[11]]]", Plain(await Python.RunAsync("""
            from celery.result import result_from_tuple
            rows = [(1, 2), (3, 4), (5, 6)]
            sent = [send('celery.chunks', kwargs=dict(task=app.signature(name), it=rows, n=2), queue=queue) for name, queue in (('cs.add', 'cs'), ('py.add', 'py'))]
            return [[member.get(timeout=PATIENCE) for member in result_from_tuple(result.get(timeout=PATIENCE), app=app).results] for result in sent]
            """)));

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

    /// <summary>A Python worker calls errbacks of its own on the spot; of the other side's it knows nothing, and they get the id. A C# worker gives its own all that is known.</summary>
    [Theory(Timeout = Limit)]
    [InlineData("py", "py.failed", "{0} py")]
    [InlineData("py", "py.failed_whole", "{0} Refused py")]
    [InlineData("py", "cs.failed", "{0} - - cs")]
    [InlineData("cs", "py.failed", "{0} py")]
    [InlineData("cs", "cs.failed", "{0} cs.fail KeyError cs")]
    public async Task An_errback_of_either_side_is_called_as_Celery_calls_it(string side, string errback, string expected)
    {
        using var ledger = new Ledger();
        var fails = side == "py" ? new Signature("py.fail").WithArgs("Refused", "no") : new Signature("cs.fail").WithArgs("key", "lost");
        var sent = await Client.SendAsync(On(side, fails).LinkError(On(errback[..2], ledger.Of(errback))), Cancelled);
        Assert.Equal(TaskStates.Failure, (await sent.WaitAsync(Patience, Cancelled)).Status);
        await EventuallyAsync(() => Task.FromResult(ledger.Lines.Length > 0), "the errback has run");
        Assert.Equal([string.Format(CultureInfo.InvariantCulture, expected, sent.Id)], ledger.Lines);
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
    public async Task A_CSharp_worker_runs_what_Python_maps() =>
        Assert.Equal("[[3,4],[3,7],[[3,7],[11]],[1,2],2]", Plain(await Python.RunAsync("""
            from celery.canvas import chunks, xmap, xstarmap
            add, rows = app.signature('cs.add'), [(1, 2), (3, 4), (5, 6)]
            sent = [xmap(add, [1, 2]).apply_async(), xstarmap(add, rows[:2]).apply_async(), chunks(add, rows, 2).apply_async(queue='cs')]
            sent += [send('celery.accumulate', 1, 2, queue='cs'), send('celery.accumulate', 1, 2, kwargs={'index': -1}, queue='cs')]
            return [result.get(timeout=PATIENCE) for result in sent]
            """)));

    [Fact(Timeout = Limit)]
    public async Task A_Python_worker_runs_what_CSharp_maps()
    {
        var add = new Signature("py.add").Set(InPython);
        var map = await Client.SendAsync(Map.Of(PythonAdd(10), [1, 2]) | Accumulate.Of<int[]>().Set(InPython), Cancelled);
        var starMap = await Client.SendAsync(StarMap.Of(add.As<int>(), [(1, 2), (3, 4)]), Cancelled);
        var chunks = await Client.SendAsync(Chunks.Of(add.As<int>(), [(1, 2), (3, 4), (5, 6)], 2), Cancelled);
        Assert.Equal(["[11, 12]", "[3, 7]", "[[3, 7],[11]]"], [await TextAsync(map), await TextAsync(starMap), await TextAsync(chunks)]);

        static async Task<string> TextAsync(AsyncResult sent) => System.Text.Encoding.UTF8.GetString((await sent.GetJsonAsync(Patience, Cancelled)).Span);
    }

    [Fact(Timeout = Limit)]
    public async Task Python_makes_a_signature_of_what_CSharp_writes_and_the_other_way_round()
    {
        var json = (PythonAdd(4).With(3) | PeerTasks.AddTask.Partial(1)).ToJson();
        Assert.Equal(8, (await Python.RunAsync($"import json\nreturn signature(json.loads('''{json}'''), app=app).apply_async().get(timeout=PATIENCE)")).GetInt32());
        var theirs = (await Python.RunAsync("import json\nreturn json.dumps(chain(app.signature('cs.add', args=(1, 2)), interop_app.add.s(10).set(queue='py')))")).GetString()!;
        Assert.Equal(13, await (await Client.SendAsync(Signature.FromJson(theirs).As<int>(), Cancelled)).GetAsync(Patience, Cancelled));
    }

    protected static Partial<int, int> PythonAdd(int other) => new Signature("py.add").WithArgs(other).Set(InPython).AsPartial<int, int>();

    protected static Signature On(string side, Signature task) => task.Set(options => options with { Queue = side });

    protected static SendOptions InPython(SendOptions options) => options with { Queue = "py" };

    /// <summary>A file into which errbacks of both sides write.</summary>
    protected sealed class Ledger : IDisposable
    {
        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"celeriac-errbacks-{Guid.NewGuid():N}");

        /// <summary>An errback that writes here. By name: Celery counts the positional parameters of a Python function, and one of the old form has one.</summary>
        public Signature Of(string errback) => new(errback) { Kwargs = TaskJson.Encode(new Dictionary<string, string> { ["ledger"] = Path }) };

        public string[] Lines => File.Exists(Path) ? File.ReadAllLines(Path) : [];

        public void Dispose() => File.Delete(Path);
    }
}
