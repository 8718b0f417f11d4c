using System.Text.Json;
using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Microsoft.Extensions.Logging;

namespace Celeriac.Interop.Tests.Fleet;

/// <summary>A Python worker with <c>result_serializer = "yaml"</c> and C# callers with and without <c>UseYaml()</c>, with results as replies and in Redis.</summary>
public sealed class YamlResultTests(InteropPlace place, RedisFixture redis, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    private const string Node = "py@yaml-results";
    private readonly string _queue = $"yaml-results-{Guid.NewGuid().ToString("N")[..8]}";
    private string _url = "";

    public async ValueTask InitializeAsync() => _url = await Place.NewVirtualHostAsync(_queue);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = Limit)]
    [InlineData("rpc")]
    [InlineData("redis")]
    public async Task Results_in_YAML_are_read_where_it_is_accepted_and_the_caller_is_told_what_to_set_where_not(string backend)
    {
        var results = backend == "rpc" ? "rpc://" : redis.Server.Url + "6";
        await using var worker = await StartAsync(results);
        await using (var reads = Open(results, options =>
        {
            options.Formats.Add(YamlContent.Format);
            options.AcceptContent = ["json", "yaml"];
        }))
        {
            var echo = await reads.SendAsync(Call<JsonElement>("py.echo", """[{"text": "no: ünï", "yes": ["yes", "1", null, true, 1.5]}]"""), Cancelled);
            Assert.Equal("""{"text":"no: \u00FCn\u00EF","yes":["yes","1",null,true,1.5]}""", Plain(await echo.GetAsync(Patience, Cancelled)));
            var failing = await reads.SendAsync(Call<int>("py.fail", """["ValueError", "no"]"""), Cancelled);
            var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await failing.GetAsync(Patience, Cancelled));
            Assert.Equal(("ValueError", "no"), (error.RemoteType, error.RemoteMessage));
            Assert.Contains("raise known[kind](*args)", error.Traceback!, StringComparison.Ordinal);
        }
        await using var refuses = Open(results, _ => { });
        var sent = await refuses.SendAsync(Call<int>("py.add", "[1, 2]"), Cancelled);
        var told = await Assert.ThrowsAsync<ContentException>(async () => await sent.GetAsync(Patience, Cancelled));
        Assert.Contains(sent.Id, told.Message, StringComparison.Ordinal);
        Assert.Contains("call UseYaml() and name yaml in AcceptContent (accept_content)", told.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ContentException>(async () => await sent.StateAsync(Cancelled));
        Assert.Empty(worker.Complaints("raised unexpected"));
    }

    [Fact(Timeout = Limit)]
    public async Task Answers_in_YAML_that_cannot_be_read_are_told_of_once()
    {
        await using var worker = await StartAsync("rpc://");
        var log = new ListLogger();
        using var logs = LoggerFactory.Create(builder => builder.AddProvider(log));
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = _url, ResultBackend = "rpc://" }, new TransportContext { LoggerFactory = logs });
        var options = new ControlOptions { Destination = [Node], Timeout = TimeSpan.FromSeconds(3) };
        Assert.Empty(await client.Control.PingAsync(options, Cancelled));
        Assert.Empty(await client.Control.PingAsync(options, Cancelled));

        var warning = Assert.Single(log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains("An answer to command ping was left out", warning, StringComparison.Ordinal);
        Assert.Contains("call UseYaml()", warning, StringComparison.Ordinal);
    }

    private Task<PythonWorker> StartAsync(string results) => PythonWorker.StartAsync(new PythonWorkerOptions
    {
        BrokerUrl = _url,
        Backend = results,
        Queue = _queue,
        Node = Node,
        Serializer = "yaml",
        Settings = new Dictionary<string, string> { ["INTEROP_RESULT_SERIALIZER"] = "yaml" },
    });

    private TaskClient Open(string results, Action<CeleriacOptions> configure)
    {
        var options = new CeleriacOptions { BrokerUrl = _url, ResultBackend = results, DefaultQueue = _queue };
        configure(options);
        return TaskClient.Open(options);
    }

    private static Signature<T> Call<T>(string task, string args) => new(task) { Args = System.Text.Encoding.UTF8.GetBytes(args) };

    private sealed class ListLogger : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{logLevel} {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
