namespace Celeriac.Pools.Tests;

/// <summary>Children come, are replaced, and go with their worker.</summary>
public sealed class PoolLifeTests
{
    [Fact]
    public async Task A_child_is_replaced_after_its_number_of_tasks()
    {
        await using var host = PoolHost.Start(1, "--max-tasks-per-child", "2");
        var processes = new List<int>();
        for (var index = 0; index < 6; index++)
        {
            processes.Add((await host.CallAsync("pool.pid")).GetInt32());
        }
        Assert.Equal([2, 2, 2], processes.GroupBy(id => id).Select(group => group.Count()));
        Assert.Equal(2, (await host.StatsAsync()).GetProperty("max-tasks-per-child").GetInt32());
        await PoolHost.GoneAsync(processes[0]);
        Assert.Equal(0, host.CountOf("has ended unasked"));
    }

    [Fact]
    public async Task A_child_that_holds_too_much_memory_after_a_task_is_replaced()
    {
        await using var host = PoolHost.Start(1, "--max-memory-per-child", "250000");
        var process = (await host.CallAsync("pool.pid")).GetInt32();
        Assert.Equal(process, (await host.CallAsync("pool.keep", 1)).GetInt32());
        Assert.Equal(process, (await host.CallAsync("pool.keep", 300)).GetInt32());
        Assert.NotEqual(process, (await host.CallAsync("pool.pid")).GetInt32());
        await host.LineAsync("more than 250000, and is replaced");
    }

    [Fact]
    public async Task A_child_whose_heap_is_full_costs_its_task_and_no_other()
    {
        await using var host = PoolHost.Start(1, new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x6000000" }, "--max-tasks-per-child", "1");
        Assert.Equal(5, (await host.CallAsync("pool.add", 2, 3)).GetInt32());
        Assert.Contains((await host.FailAsync("pool.keep", 400)).RemoteType, new[] { "OutOfMemoryException", "WorkerLostError" });
        Assert.Equal(9, (await host.CallAsync("pool.add", 4, 5)).GetInt32());
    }

    [Theory]
    [InlineData("spin", "spins")]
    [InlineData("nap", "naps")]
    public async Task A_worker_that_is_killed_leaves_no_process_behind(string task, string says)
    {
        await using var host = PoolHost.Start(2);
        await host.SendAsync($"pool.{task}");
        await host.LineAsync($"task {says}");
        var children = await host.ChildrenAsync(2);
        PoolHost.Signal(host.Id, 9);
        foreach (var child in children)
        {
            await PoolHost.GoneAsync(child);
        }
    }

    [Fact]
    public async Task A_worker_that_is_stopped_lets_its_children_finish_although_the_signal_reaches_them_too()
    {
        await using var host = PoolHost.Start(2);
        var result = await host.SendAsync("pool.progress", host.PathOf("gate"));
        var children = await host.ChildrenAsync(2);
        while (await result.StateAsync(TestContext.Current.CancellationToken) != "PROGRESS")
        {
            await Task.Yield();
        }
        // As a terminal and a service manager do: every process of the group gets it.
        foreach (var child in children)
        {
            PoolHost.Signal(child, 2);
            PoolHost.Signal(child, 15);
        }
        PoolHost.Signal(host.Id, 15);
        await host.LineAsync("is stopping: 1 tasks");
        await File.WriteAllTextAsync(host.PathOf("gate"), "", TestContext.Current.CancellationToken);
        Assert.Equal("done", (await PoolHost.GetAsync(result)).GetString());
        Assert.Equal(0, await host.EndedAsync());
        foreach (var child in children)
        {
            await PoolHost.GoneAsync(child);
        }
        Assert.Equal(0, host.CountOf("has ended unasked"));
    }

    [Fact]
    public async Task A_second_interrupt_gives_back_what_even_a_busy_child_runs()
    {
        await using var host = PoolHost.Start(1);
        var result = await host.SendAsync("pool.spin");
        var process = await host.ProcessOfAsync("spins");
        PoolHost.Signal(host.Id, 2);
        await host.LineAsync("is stopping: 1 tasks");
        PoolHost.Signal(host.Id, 2);
        Assert.Equal(0, await host.EndedAsync());
        await PoolHost.GoneAsync(process);
        Assert.Equal(1, (await host.Client.Transport.CountAsync("celery", TestContext.Current.CancellationToken))?.Ready);
        Assert.Equal("PENDING", await result.StateAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_pool_grows_shrinks_and_restarts_and_tells_the_truth()
    {
        await using var host = PoolHost.Start(2);
        var options = new ControlOptions { Limit = 1, Timeout = PoolHost.Patience };
        var first = await host.ChildrenAsync(2);
        await host.Client.Control.PoolGrowAsync(2, options, TestContext.Current.CancellationToken);
        var grown = await host.ChildrenAsync(4);
        Assert.Empty(first.Except(grown));
        await host.Client.Control.PoolShrinkAsync(3, options, TestContext.Current.CancellationToken);
        var kept = Assert.Single(await host.ChildrenAsync(1));
        var stats = await host.StatsAsync();
        Assert.Equal((1, "N/A", true), (stats.GetProperty("max-concurrency").GetInt32(), stats.GetProperty("max-tasks-per-child").GetString(), stats.GetProperty("put-guarded-by-semaphore").GetBoolean()));
        Assert.Equal("celeriac.working:ProcessPool", stats.GetProperty("implementation").GetString());
        var reply = Assert.Single(await host.Client.Control.BroadcastAsync("pool_restart", null, options, TestContext.Current.CancellationToken));
        Assert.Equal("reload started", reply.Ok);
        await PoolHost.GoneAsync(kept);
        Assert.NotEqual(kept, (await host.CallAsync("pool.pid")).GetInt32());
    }

    [Fact]
    public async Task A_program_that_does_not_start_as_a_child_is_told_of_and_the_worker_lives()
    {
        await using var host = PoolHost.Run(broker => ["broken", "-b", broker, "worker", "--pool", "prefork", "-c", "1", "-l", "info"]);
        var line = await host.LineAsync("could not be started");
        Assert.Contains("it ended before it had reported: exitcode 3", line, StringComparison.Ordinal);
        await host.LineAsync("this program does not want to be a child");
        await host.LineAsync("It is tried again in 00:00:02");
        Assert.Equal(0, (await host.StatsAsync()).GetProperty("processes").GetArrayLength());
        await host.SendAsync("pool.add", 2, 3);
        Assert.Equal(0, await host.StopAsync());
        Assert.Equal(1, (await host.Client.Transport.CountAsync("celery", TestContext.Current.CancellationToken))?.Ready);
    }

    [Fact]
    public async Task With_a_host_the_children_start_nothing_else_of_it()
    {
        await using var host = PoolHost.Run(broker => ["host", broker]);
        Assert.NotEqual(host.Id, (await host.CallAsync("pool.pid")).GetInt32());
        Assert.EndsWith($"neighbour {host.Id} starts", await host.LineAsync("neighbour"), StringComparison.Ordinal);
        Assert.Equal(1, host.CountOf("neighbour"));
        var child = Assert.Single(await host.ChildrenAsync(1));
        Assert.Equal(0, await host.StopAsync());
        await PoolHost.GoneAsync(child);
    }
}
