using System.Text.Json;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>A Python shop that writes YAML, and a C# worker and caller with <c>UseYaml()</c>.</summary>
public sealed class YamlTests(InteropPlace place, YamlPlace fleet, PythonClient python) : InteropTest(place, python), IClassFixture<YamlPlace>, IAsyncLifetime
{
    private const string Values = "{'text': 'no: ünï', 'yes': ['yes', '1', None, True], 'number': 1.5, 'many': 12345678901234}";

    // Sends a task to a queue that nobody consumes, and answers what is there.
    private const string Seen = """
        with app.connection_for_read() as connection:
            queue, deadline, message = kombu.Queue(QUEUE)(connection.default_channel), time.time() + PATIENCE, None
            while message is None and time.time() < deadline:
                message = queue.get(no_ack=True, accept=['yaml'])
            return {'type': message.content_type, 'args': message.payload[0], 'kwargs': message.payload[1]}
        """;

    public ValueTask InitializeAsync()
    {
        (Python.BrokerUrl, Python.Serializer) = (fleet.Url, "yaml");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = Limit)]
    public async Task What_Python_sends_is_YAML()
    {
        var seen = await Python.RunAsync($"QUEUE = 'unread-py'\nsend('cs.add', 1, 2, queue=QUEUE)\n{Seen}");
        Assert.Equal("application/x-yaml", seen.TextOf("type"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_worker_does_what_Python_asks_in_YAML()
    {
        Assert.Equal(5, (await Python.ValueAsync("'cs.add', 2, 3")).GetInt32());
        var echo = await Python.RunAsync($"value = {Values}\nanswer = outcome(send('cs.echo', value))\nreturn {{'same': answer.get('value') == value, 'answer': answer}}");
        Assert.True(echo.GetProperty("same").GetBoolean(), echo.ToString());
        var failed = await Python.OutcomeAsync("'cs.fail', 'key', 'lost'");
        Assert.Equal(("FAILURE", "KeyError"), (failed.TextOf("state"), failed.GetProperty("error").TextOf("type")));
    }

    [Fact(Timeout = Limit)]
    public async Task What_CSharp_sends_is_YAML_that_Python_reads()
    {
        await fleet.CSharpWorker.Client.SendAsync(Echo("unread-cs"), Cancelled);
        var seen = await Python.RunAsync($"QUEUE = 'unread-cs'\n{Seen}");
        Assert.Equal("application/x-yaml", seen.TextOf("type"));
        Assert.Equal("""[{"number":1.5,"text":"no: ünï","yes":["yes","1",null,true]}]""", Text(seen.GetProperty("args")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_Python_worker_does_what_CSharp_asks_in_YAML_and_the_result_comes_back()
    {
        var echo = await fleet.CSharpWorker.Client.SendAsync(Echo("py"), Cancelled);
        Assert.Equal("""{"number":1.5,"text":"no: ünï","yes":["yes","1",null,true]}""", Text(await echo.GetAsync(Patience, Cancelled)));
        var failing = await fleet.CSharpWorker.Client.SendAsync(new Signature<int>("py.fail") { Args = """["ValueError", "no"]"""u8.ToArray(), Options = new SendOptions { Queue = "py" } }, Cancelled);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await failing.GetAsync(Patience, Cancelled));
        Assert.Equal(("ValueError", "no"), (error.RemoteType, error.RemoteMessage));
    }

    [Fact(Timeout = Limit)]
    public async Task Both_answer_the_commands_that_Python_gives_in_YAML()
    {
        var pongs = await Python.RunAsync("return {node: answer for part in app.control.ping(timeout=5, limit=2) for node, answer in part.items()}");
        Assert.Equal("""{"ok":"pong"}""", Text(pongs.GetProperty(YamlPlace.PythonNode)));
        Assert.True(pongs.TryGetProperty(YamlPlace.CSharpNode, out var pong), $"{pongs} {string.Join('\n', fleet.CSharpWorker.Log)}");
        Assert.Equal("""{"ok":"pong"}""", Text(pong));
    }

    [Fact(Timeout = Limit)]
    public async Task Our_commands_read_what_a_Python_worker_answers_in_YAML()
    {
        var replies = await fleet.CSharpWorker.Client.Inspect.PingAsync(new ControlOptions { Destination = [YamlPlace.PythonNode], Timeout = TimeSpan.FromSeconds(30) }, Cancelled);
        Assert.Equal(YamlPlace.PythonNode, Assert.Single(replies).Node);
    }

    private static Signature<JsonElement> Echo(string queue) => new("py.echo")
    {
        Args = """[{"number":1.5,"text":"no: ünï","yes":["yes","1",null,true]}]"""u8.ToArray(),
        Options = new SendOptions { Queue = queue },
    };

    private static string Text(JsonElement element) => JsonSerializer.Serialize(element, s_plain);

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

/// <summary>A fleet of one Python and one C# worker that write YAML and read JSON too.</summary>
public sealed class YamlPlace(InteropPlace place) : IAsyncLifetime
{
    public const string PythonNode = "py@yaml";
    public const string CSharpNode = "cs@yaml";
    private PythonWorker? _python;
    private CSharpWorker? _cSharp;

    public string Url { get; private set; } = "";

    public CSharpWorker CSharpWorker => _cSharp!;

    public async ValueTask InitializeAsync()
    {
        Url = await place.NewVirtualHostAsync("yaml");
        var starting = PythonWorker.StartAsync(new PythonWorkerOptions { BrokerUrl = Url, Node = PythonNode, Serializer = "yaml" });
        _cSharp = await CSharpWorker.StartAsync(Url, "cs", CSharpNode, configure: celeriac => celeriac.UseYaml().Configure(options =>
        {
            options.TaskSerializer = "yaml";
            options.AcceptContent = ["yaml", "json"];
        }));
        _python = await starting;
    }

    public async ValueTask DisposeAsync()
    {
        var complaints = _python!.Complaints("raised unexpected");
        await _cSharp!.DisposeAsync();
        await _python.DisposeAsync();
        Assert.Empty(complaints);
    }
}
