using System.Text.Json;

namespace Celeriac.Pools.Tests;

/// <summary>What a task may do and be told, it may and is in a child process too.</summary>
public sealed class RunningTests : IAsyncLifetime
{
    private readonly PoolHost _host = PoolHost.Start(2, "-E");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_result_comes_back_from_a_process_that_is_not_the_worker()
    {
        Assert.Equal(5, (await _host.CallAsync("pool.add", 2, 3)).GetInt32());
        var process = (await _host.CallAsync("pool.pid")).GetInt32();
        Assert.NotEqual(_host.Id, process);
        Assert.Contains(process, await _host.ChildrenAsync(2));
    }

    [Fact]
    public async Task A_task_gets_its_services_and_its_log_shows_the_process()
    {
        Assert.Equal(1, (await _host.CallAsync("pool.count")).GetInt32());
        var line = await _host.LineAsync("counting in a child");
        Assert.Matches("^\\[[0-9]+\\] info: ", line);
    }

    [Fact]
    public async Task An_error_comes_back_with_type_message_and_traceback()
    {
        var error = await _host.FailAsync("pool.fail", "no such apple");
        Assert.Equal(("ValueError", "builtins", "no such apple"), (error.RemoteType, error.RemoteModule, error.RemoteMessage));
        Assert.Contains("PeerTasks.Fail", error.Traceback, StringComparison.Ordinal);
        var chosen = await _host.FailAsync("pool.chosen");
        Assert.Equal(("OutOfStock", "shop.errors"), (chosen.RemoteType, chosen.RemoteModule));
        Assert.Equal(["apples", "3"], chosen.RemoteArguments);
    }

    [Fact]
    public async Task A_task_is_retried_when_it_asks_for_it_and_when_its_options_do()
    {
        Assert.NotEqual(0, (await _host.CallAsync("pool.flaky")).GetInt32());
        Assert.Equal("disk on fire", (await _host.FailAsync("pool.stubborn")).RemoteMessage);
    }

    [Fact]
    public async Task Ignored_and_rejected_mean_the_same_as_without_processes()
    {
        Assert.Equal("Reject", (await _host.FailAsync("pool.rejected")).RemoteType);
        var ignored = await _host.SendAsync("pool.ignored");
        await _host.LineAsync($"pool.ignored[{ignored.Id}] was ignored");
        Assert.Equal("PENDING", await ignored.StateAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_state_of_its_own_and_an_event_are_seen_while_it_runs()
    {
        await using var receiver = _host.Client.Events.Receive();
        await receiver.StartAsync(TestContext.Current.CancellationToken);
        var result = await _host.SendAsync("pool.progress", _host.PathOf("gate"));
        using var patience = new CancellationTokenSource(PoolHost.Patience);
        await foreach (var happened in receiver.WithCancellation(patience.Token))
        {
            if (happened.Type == "task-halfway")
            {
                Assert.Equal(result.Id, happened.Text("uuid"));
                break;
            }
        }
        Assert.Equal("PROGRESS", await result.StateAsync(TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(_host.PathOf("gate"), "", TestContext.Current.CancellationToken);
        Assert.Equal("done", (await PoolHost.GetAsync(result)).GetString());
        Assert.Equal("ValueError", (await _host.FailAsync("pool.wrong_state")).RemoteType);
    }

    [Fact]
    public async Task What_a_task_sends_is_run_and_counts_as_its_child()
    {
        var parent = await _host.SendAsync("pool.parent", 41);
        var id = (await PoolHost.GetAsync(parent)).GetString();
        var child = Assert.Single(await parent.ChildrenAsync(TestContext.Current.CancellationToken));
        Assert.Equal(id, child.Id);
        Assert.Equal(42, (await PoolHost.GetAsync(child)).GetInt32());
    }

    [Fact]
    public async Task What_a_task_writes_to_its_console_is_shown_and_disturbs_nothing()
    {
        await _host.CallAsync("pool.print", "{\"not\": a frame}", 2000);
        Assert.Equal("(end)", (await _host.CallAsync("pool.read")).GetString());
        Assert.Equal(5, (await _host.CallAsync("pool.add", 2, 3)).GetInt32());
        await _host.LineAsync("error {\"not\": a frame}");
        await _host.LineAsync("{\"not\": a frame}", skip: 1999);
    }

    [Fact]
    public async Task A_thousand_quick_tasks_each_run_once()
    {
        var results = new List<AsyncResult>();
        for (var index = 0; index < 1000; index++)
        {
            results.Add(await _host.SendAsync("pool.add", index, 1));
        }
        for (var index = 0; index < results.Count; index++)
        {
            Assert.Equal(index + 1, (await PoolHost.GetAsync(results[index])).GetInt32());
        }
        Assert.Equal(JsonValueKind.Number, (await _host.CallAsync("pool.pid")).ValueKind);
    }
}
