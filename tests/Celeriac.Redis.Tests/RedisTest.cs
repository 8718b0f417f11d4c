using System.Diagnostics;
using System.Text;
using Celeriac.Brokers;
using Celeriac.Protocol;

namespace Celeriac.Redis.Tests;

/// <summary>Stores on a server, closed with the fact.</summary>
public abstract class RedisTest : IAsyncDisposable
{
    private readonly List<TaskClient> _opened = [];

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected static RedisServer Server => SharedServer.Server;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _opened)
        {
            await client.DisposeAsync();
        }
        GC.SuppressFinalize(this);
    }

    protected IResultStore Open(string url, TimeSpan? expires = null)
    {
        var options = new CeleriacOptions { BrokerUrl = "memory://redis-tests", ResultBackend = url };
        options.ResultExpires = expires ?? options.ResultExpires;
        var client = TaskClient.Open(options);
        _opened.Add(client);
        return client.Results;
    }

    protected static ResultRecord RecordOf(string id, string status = TaskStates.Success, string result = "1") =>
        new() { TaskId = id, Status = status, Result = Encoding.UTF8.GetBytes(result) };

    protected static string NewId() => Guid.NewGuid().ToString();

    protected static string KeyOf(string id) => $"celery-task-meta-{id}";

    protected static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "This did not come true in time.");
            await pause.WaitForNextTickAsync(Cancelled);
        }
    }
}
