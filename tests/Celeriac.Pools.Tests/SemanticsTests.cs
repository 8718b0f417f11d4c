using Celeriac.Messaging;

namespace Celeriac.Pools.Tests;

/// <summary>What is promised of tasks holds in child processes too: retries, checkpoints, limits, traces.</summary>
public sealed class SemanticsTests : IAsyncLifetime
{
    private readonly PoolHost _host = PoolHost.Start(2, new Dictionary<string, string> { ["PEER_LISTENS"] = "1" });

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_retry_keeps_id_priority_limits_and_headers()
    {
        var sent = await _host.Client.SendAsync(
            new Signature("pool.carried") { Options = new SendOptions { Priority = 4, TimeLimit = TimeSpan.FromSeconds(30), Headers = MessageHeaders.Empty.With("tenant", "acme") } }, Cancelled);
        Assert.Equal($"{sent.Id} 4 00:00:30 acme", (await PoolHost.GetAsync(sent)).GetString());
    }

    [Fact]
    public async Task A_checkpoint_outlives_the_process_that_saved_it()
    {
        Assert.Equal(7, (await _host.CallAsync("pool.resumed")).GetInt32());
    }

    [Fact]
    public async Task A_concurrency_limit_holds_over_the_children()
    {
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _host.SendAsync("pool.narrow")));
        var runs = new List<(long Begun, long Ended)>();
        foreach (var task in sent)
        {
            var run = await PoolHost.GetAsync(task);
            runs.Add((run[0].GetInt64(), run[1].GetInt64()));
        }
        runs.Sort();
        Assert.All(runs.Zip(runs.Skip(1)), pair => Assert.True(pair.First.Ended <= pair.Second.Begun, "two ran at once"));
    }

    /// <summary>In the worker somebody listens, in its children nobody does: what a task sends is a child of the worker's span all the same.</summary>
    [Fact]
    public async Task What_a_task_sends_belongs_to_the_workers_span()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        var sent = await _host.Client.SendAsync(
            new Signature("pool.traced") { Args = "[\"unserved\"]"u8.ToArray(), Options = new SendOptions { Headers = MessageHeaders.Empty.With("traceparent", $"00-{trace}-b7ad6b7169203331-01") } }, Cancelled);
        var span = (await PoolHost.GetAsync(sent)).GetString();
        Assert.Contains(trace, span, StringComparison.Ordinal);
        Assert.DoesNotContain("b7ad6b7169203331", span, StringComparison.Ordinal);
        var message = await _host.Client.Transport.GetAsync("unserved", Cancelled);
        Assert.Equal(span, message!.Message.Headers.TextOf("traceparent"));
        await message.AckAsync(Cancelled);
    }
}
