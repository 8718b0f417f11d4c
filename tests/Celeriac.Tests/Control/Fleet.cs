using System.Text.Json.Nodes;
using Celeriac.Messaging;

namespace Celeriac.Tests.Control;

/// <summary>Workers on one broker, and a client that controls them.</summary>
internal sealed class Fleet(string? broker = null) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _runs = [];
    private readonly List<TaskClient> _clients = [];
    private TaskClient? _client;

    public string Broker { get; } = broker ?? $"memory://{Guid.NewGuid():N}";

    public TaskClient Client => _client ??= TaskClient.Open(Broker);

    /// <summary>Long enough for the slowest machine; a call with a destination or a limit ends when it has its answers.</summary>
    public static ControlOptions Of(params string[] nodes) => new() { Destination = nodes, Timeout = TimeSpan.FromSeconds(30) };

    public Task<Worker> StartAsync(string node = "w1@test", Action<WorkerOptions>? configure = null, params TaskDefinition[] tasks) => StartAsync(_ => { }, node, configure, tasks);

    public async Task<Worker> StartAsync(Action<CeleriacOptions> shared, string node = "w1@test", Action<WorkerOptions>? configure = null, params TaskDefinition[] tasks)
    {
        var options = new WorkerOptions { NodeName = node, Concurrency = 2, WithoutMingle = true };
        configure?.Invoke(options);
        var app = new CeleriacOptions { BrokerUrl = Broker };
        shared(app);
        var client = TaskClient.Open(app);
        _clients.Add(client);
        var worker = new Worker(client, new TaskRegistry([Held.Definition, .. tasks]), options, app);
        _runs.Add(worker.RunAsync(_stop.Token));
        await worker.Ready.WaitAsync(TestContext.Current.CancellationToken);
        await worker.Listening.WaitAsync(TestContext.Current.CancellationToken);
        return worker;
    }

    /// <summary>One node's answer to a command.</summary>
    public async Task<NodeReply> AskAsync(string command, JsonObject? arguments = null, string node = "w1@test") =>
        Assert.Single(await Client.Control.BroadcastAsync(command, arguments, Of(node), TestContext.Current.CancellationToken));

    public Task EndsAsync(int run = 0) => _runs[run].WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    /// <summary>Reads again until it is so; what is watched happens on the threads of a worker.</summary>
    public static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await isSo())
        {
            Assert.False(patience.IsCancellationRequested, "It did not become so within 30 s.");
            await pause.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_runs);
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
        await Client.DisposeAsync();
        _stop.Dispose();
    }
}
