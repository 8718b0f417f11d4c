using System.Text.Json;
using Celeriac.Brokers;
using Celeriac.Redis;

[assembly: AssemblyFixture(typeof(RedisFixture))]

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>Tasks through RabbitMQ and results in Redis, the commonest Celery shop: both sides read what the other wrote.</summary>
public sealed class RedisResultTests(InteropPlace place, RedisPlace fleet, PythonClient python) : InteropTest(place, python), IClassFixture<RedisPlace>, IAsyncLifetime
{
    private TaskClient Client => fleet.CSharpWorker.Client;

    public ValueTask InitializeAsync()
    {
        (Python.BrokerUrl, Python.Backend) = (fleet.Url, fleet.Backend);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = 120_000)]
    public async Task Results_of_both_sides_are_read_by_both_sides_and_by_programs_that_did_not_send_the_task()
    {
        // Python sends, C# runs; Python waits, another Python process asks, C# asks.
        var outcome = await Python.OutcomeAsync("'cs.add', 2, 3");
        Assert.Equal(("SUCCESS", 5), (outcome.TextOf("state"), outcome.GetProperty("value").GetInt32()));
        var (code, text) = await Python.CommandAsync("result", outcome.TextOf("id"));
        Assert.Equal((0, "5"), (code, text.Trim()));
        Assert.Equal(5, await Client.Result<int>(outcome.TextOf("id")).GetAsync(Patience, Cancelled));

        // C# sends, Python runs; C# waits, Python asks.
        var sent = await Client.SendAsync(new Signature<int>("py.add") { Args = "[20, 1]"u8.ToArray(), Options = new SendOptions { Queue = "py" } }, Cancelled);
        Assert.Equal(21, await sent.GetAsync(Patience, Cancelled));
        Assert.Equal(21, (await Python.RunAsync($"return app.AsyncResult('{sent.Id}').get(timeout=PATIENCE)")).GetInt32());

        // C# sends, C# runs; Python asks.
        var own = await Client.SendAsync(Peer.PeerTasks.AddTask.S(40, 2), Cancelled);
        Assert.Equal(42, (await Python.RunAsync($"return app.AsyncResult('{own.Id}').get(timeout=PATIENCE)")).GetInt32());
    }

    [Fact(Timeout = 120_000)]
    public async Task Failures_progress_and_revocation_are_read_by_the_other_side()
    {
        var failed = await Python.OutcomeAsync("'cs.fail', 'key', 'lost'");
        Assert.Equal(("FAILURE", "KeyError"), (failed.TextOf("state"), failed.GetProperty("error").TextOf("type")));
        Assert.StartsWith("Traceback", failed.TextOf("traceback"), StringComparison.Ordinal);

        var theirs = await Client.SendAsync(new Signature<int>("py.fail") { Args = """["Refused", "no", 1]"""u8.ToArray(), Options = new SendOptions { Queue = "py" } }, Cancelled);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await theirs.GetAsync(Patience, Cancelled));
        Assert.Equal(("Refused", "interop_app", "no, 1"), (error.RemoteType, error.RemoteModule, error.RemoteMessage));

        var expired = await Python.OutcomeAsync("'cs.add', 1, 1, headers={'expires': '2020-01-01T00:00:00'}");
        Assert.Equal(("REVOKED", "TaskRevokedError"), (expired.TextOf("state"), expired.GetProperty("error").TextOf("type")));

        var meta = await Python.RunAsync("result = send('cs.tracked')\nresult.get(timeout=PATIENCE)\nreturn result._get_task_meta() | {'ttl': app.backend.client.ttl('celery-task-meta-' + result.id)}");
        Assert.Equal("SUCCESS", meta.TextOf("status"));
        Assert.InRange(meta.GetProperty("ttl").GetInt32(), 1, 86_400);
        Assert.Empty(fleet.PythonWorker.Complaints("raised unexpected"));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_progress_of_a_CSharp_task_is_seen_by_Python_while_it_runs()
    {
        var gate = Gate();
        var seen = await Python.RunAsync($$"""
            result = send('cs.halfway', {{PythonProgram.Literal(gate)}})
            deadline = time.time() + PATIENCE
            while result.state == 'PENDING' and time.time() < deadline:
                time.sleep(0.05)
            halfway = {'state': result.state, 'done': result.info['done'], 'of': result.info['of'], 'ready': result.ready()}
            open({{PythonProgram.Literal(gate)}}, 'x').close()
            return halfway | {'value': result.get(timeout=PATIENCE), 'end': result.state}
            """);
        File.Delete(gate);
        Assert.Equal("""{"state":"PROGRESS","done":2,"of":4,"ready":false,"value":"done","end":"SUCCESS"}""", Plain(seen));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_progress_of_a_Python_task_is_seen_by_CSharp_while_it_runs()
    {
        var gate = Gate();
        var sent = await Client.SendAsync(new Signature<string>("py.halfway") { Args = JsonSerializer.SerializeToUtf8Bytes<string[]>([gate]), Options = new SendOptions { Queue = "py" } }, Cancelled);
        await EventuallyAsync(async () => await sent.StateAsync(Cancelled) != "PENDING", "the state of py.halfway");
        var record = await sent.RecordAsync(Cancelled);
        var isReady = await sent.ReadyAsync(Cancelled);
        await File.WriteAllTextAsync(gate, "", Cancelled);

        Assert.Equal("PROGRESS", record!.Status);
        using var meta = JsonDocument.Parse(record.Result);
        Assert.Equal((2, 4), (meta.RootElement.GetProperty("done").GetInt32(), meta.RootElement.GetProperty("of").GetInt32()));
        Assert.False(isReady);
        Assert.Equal("done", await sent.GetAsync(Patience, Cancelled));
        Assert.Equal("SUCCESS", await sent.StateAsync(Cancelled));
        File.Delete(gate);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_result_of_a_CSharp_task_is_published_to_Python_that_listens() =>
        Assert.Equal("5", Plain(await Python.RunAsync("""
            task_id = str(uuid.uuid4())
            listener = app.backend.client.pubsub()
            listener.subscribe(app.backend.get_key_for_task(task_id))
            def heard(kind):
                deadline = time.monotonic() + PATIENCE
                while time.monotonic() < deadline:
                    message = listener.get_message(timeout=1)
                    if message and message['type'] == kind:
                        return message['data']
            heard('subscribe')
            send('cs.add', 2, 3, task_id=task_id)
            return json.loads(heard('message'))['result']
            """)));

    private static string Gate() => Path.Combine(Path.GetTempPath(), $"celeriac-gate-{Guid.NewGuid():N}");
}

/// <summary>A fleet of one Python and one C# worker that keep their results in Redis.</summary>
public sealed class RedisPlace(InteropPlace place, RedisFixture redis) : IAsyncLifetime
{
    private PythonWorker? _python;
    private CSharpWorker? _cSharp;

    public string Url { get; private set; } = "";

    public string Backend => redis.Server.Url + "3";

    public PythonWorker PythonWorker => _python!;

    public CSharpWorker CSharpWorker => _cSharp!;

    public async ValueTask InitializeAsync()
    {
        ResultStores.Add("redis", new RedisResultStoreFactory());
        Url = await place.NewVirtualHostAsync($"redis-{Guid.NewGuid().ToString("N")[..6]}");
        var starting = PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Url, Backend = Backend, Node = "py@redis" });
        _cSharp = await CSharpWorker.StartAsync(Url, "cs", "cs@redis", Backend);
        _python = await starting;
    }

    public async ValueTask DisposeAsync()
    {
        await _cSharp!.DisposeAsync();
        await _python!.DisposeAsync();
    }
}
