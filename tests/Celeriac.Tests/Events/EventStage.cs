using System.Text.Json;
using Celeriac.Conformance;
using Celeriac.Messaging;

namespace Celeriac.Tests.Events;

/// <summary>A worker on a memory broker, and somebody who listens to it.</summary>
internal sealed class EventStage : IAsyncDisposable
{
    public const string Node = "w1@test";
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public EventStage(Action<WorkerOptions>? configure = null, Action<CeleriacOptions>? share = null, TaskDefinition[]? tasks = null)
    {
        var shared = new CeleriacOptions { BrokerUrl = $"memory://{Guid.NewGuid():N}" };
        share?.Invoke(shared);
        var options = new WorkerOptions { NodeName = Node, SendTaskEvents = true, Concurrency = 2 };
        configure?.Invoke(options);
        Client = TaskClient.Open(shared);
        Receiver = Client.Events.Receive();
        Worker = new Worker(Client, new TaskRegistry([ConformanceTasks.AddTask.Definition, ConformanceTasks.FailTask.Definition, ConformanceTasks.FlakyTask.Definition, .. tasks ?? []]), options, shared);
    }

    public TaskClient Client { get; }

    public EventReceiver Receiver { get; }

    public Worker Worker { get; }

    public ClusterState Cluster { get; } = new();

    public async Task StartAsync()
    {
        await Receiver.StartAsync(TestContext.Current.CancellationToken);
        _running = Worker.RunAsync(_stop.Token);
        await Worker.Ready;
    }

    /// <summary>The events up to one that fits, that one included.</summary>
    public async Task<List<CeleryEvent>> ListenUntilAsync(Func<CeleryEvent, bool> isLast)
    {
        var heard = new List<CeleryEvent>();
        await foreach (var happened in Receiver.WithCancellation(TestContext.Current.CancellationToken))
        {
            heard.Add(happened);
            Cluster.Apply(happened);
            if (isLast(happened))
            {
                break;
            }
        }
        return heard;
    }

    public Task<List<CeleryEvent>> ListenUntilAsync(string type) => ListenUntilAsync(happened => happened.Type == type);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Receiver.DisposeAsync();
        await Client.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>A field's name and what kind of value it has, as Python distinguishes them.</summary>
    public static string KindOf(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetRawText().AsSpan().IndexOfAny('.', 'e') >= 0 ? $"{name}:float" : $"{name}:int",
        JsonValueKind.True or JsonValueKind.False => $"{name}:bool",
        JsonValueKind.Array => $"{name}:[{string.Join(",", value.EnumerateArray().Select(item => KindOf("", item)))}]",
        _ => $"{name}:{value.ValueKind}",
    };
}
