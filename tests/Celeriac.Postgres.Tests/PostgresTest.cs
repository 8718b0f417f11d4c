using System.Diagnostics;
using Celeriac.Brokers;
using Celeriac.Messaging;
using Npgsql;

namespace Celeriac.Postgres.Tests;

/// <summary>A client and workers on a schema of the fact's own, and connections of the user's.</summary>
public abstract class PostgresTest : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly List<(Task Run, CancellationTokenSource Stop)> _workers = [];

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected virtual PostgresServer Server => SharedServer.Server;

    /// <summary>The schema; names differ from those of others.</summary>
    protected string Schema { get; init; } = SharedServer.SharedSchema;

    protected string Queue { get; } = $"q-{Guid.NewGuid().ToString("N")[..12]}";

    protected string Url => $"{Server.Url}?schema={Schema}&sweep=200ms&reconnect_delay=20ms&reconnect_delay_max=200ms";

    public virtual ValueTask InitializeAsync() => default;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var (run, stop) in _workers)
        {
            await stop.CancelAsync();
            await run.WaitAsync(TimeSpan.FromSeconds(30));
            stop.Dispose();
        }
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    protected T Own<T>(T opened) where T : IAsyncDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    protected TaskClient OpenClient(string? url = null) => Own(TaskClient.Open(new CeleriacOptions { BrokerUrl = url ?? Url, DefaultQueue = Queue }));

    /// <summary>A connection of the user's.</summary>
    protected async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = Own(new NpgsqlConnection($"{Server.ConnectionString};Pooling=false"));
        await connection.OpenAsync(Cancelled);
        return connection;
    }

    protected async Task<Worker> StartWorkerAsync(string? url = null, int concurrency = 4, TaskFilters? filters = null)
    {
        var client = OpenClient(url);
        var worker = new Worker(client, new TaskRegistry([.. CeleriacTasks.All]), new WorkerOptions { Concurrency = concurrency }, new CeleriacOptions { BrokerUrl = url ?? Url, DefaultQueue = Queue }) { Filters = filters ?? new TaskFilters() };
        var stop = new CancellationTokenSource();
        var run = worker.RunAsync(stop.Token);
        _workers.Add((run, stop));
        await Task.WhenAny(worker.Ready, run).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        return worker;
    }

    /// <summary>How many messages the fact's queue holds, handed out or not.</summary>
    protected async Task<long> CountAsync(TaskClient client) =>
        await client.Transport.CountAsync(Queue, Cancelled) is { } counts ? counts.Ready + (counts.Unacknowledged ?? 0) + (counts.Delayed ?? 0) : 0;

    protected async Task<long> NumberAsync(string query) => long.Parse(await Server.ControlAsync(query), System.Globalization.CultureInfo.InvariantCulture);

    protected static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"This did not come true in time: {what}.");
            await pause.WaitForNextTickAsync(Cancelled);
        }
    }
}
