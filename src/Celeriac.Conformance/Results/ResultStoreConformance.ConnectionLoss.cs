using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Conformance;

// A store behind a network that fails.
public abstract partial class ResultStoreConformance<THarness>
{
    /// <summary>A reset under the waits, and results that are written afterwards.</summary>
    [Fact(Timeout = Limit)]
    public async Task Waits_go_on_after_the_connection_was_cut()
    {
        if (Harness.Network is not { } network)
        {
            return;
        }
        var (tasks, waits) = await AwaitedAsync(50);
        await network.CutAsync();
        await WriteAroundAsync(tasks);
        await ArriveAsync(waits);
    }

    /// <summary>What is written while nobody can hear it.</summary>
    [Fact(Timeout = Limit)]
    public async Task Waits_get_what_was_written_while_they_had_no_connection()
    {
        if (Harness.Network is not { } network)
        {
            return;
        }
        var (tasks, waits) = await AwaitedAsync(50);
        network.Refuse();
        await network.CutAsync();
        await WriteAroundAsync(tasks);
        Assert.DoesNotContain(waits, wait => wait.IsCompleted);
        network.Restore();
        await ArriveAsync(waits);
    }

    /// <summary>A worker is told in time, and tries again.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_write_without_a_connection_fails_in_time_and_succeeds_when_it_is_back()
    {
        if (Harness.Network is not { } network)
        {
            return;
        }
        var task = await SendAsync();
        await WriteAsync(task, TaskStates.Started);
        network.Refuse();
        await network.CutAsync();
        var error = await Assert.ThrowsAnyAsync<TransportException>(() => WriteAsync(task, TaskStates.Success).WaitAsync(Harness.Patience, Cancelled));
        Assert.IsNotType<TransportRefusedException>(error);
        network.Restore();
        await EventuallyAsync(async () => await Record.ExceptionAsync(() => WriteAsync(task, TaskStates.Success)) is null, "the store is written again");
        Assert.Equal(TaskStates.Success, (await WaitAsync(task)).Status);
    }

    /// <summary>For the health check.</summary>
    [Fact(Timeout = Limit)]
    public async Task Health_tells_of_the_loss_and_of_the_return()
    {
        if (Harness.Network is not { } network)
        {
            Assert.True(Caller.Health is null or { State: ConnectionState.Closed });
            return;
        }
        Assert.Equal(ConnectionState.Closed, Caller.Health?.State);
        await Caller.ConnectAsync(Cancelled);
        Assert.Equal((ConnectionState.Connected, (string?)null), (Caller.Health!.State, Caller.Health.LastError));
        network.Refuse();
        await network.CutAsync();
        await EventuallyAsync(() => Task.FromResult(Caller.Health is { State: ConnectionState.Reconnecting, LastError.Length: > 0 }), "the loss is told");
        network.Restore();
        await EventuallyAsync(() => Task.FromResult(Caller.Health is { State: ConnectionState.Connected, LastError: null }), "the return is told");
    }

    /// <summary>Waits that are known to have begun: each task has shown a first state.</summary>
    private async Task<(Sent[] Tasks, Task<ResultRecord>[] Waits)> AwaitedAsync(int count)
    {
        var tasks = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => SendAsync()));
        var waits = tasks.Select(WaitAsync).ToArray();
        foreach (var task in tasks)
        {
            await WriteAsync(task, TaskStates.Started);
            await ReadsAsync(task, TaskStates.Started);
        }
        return (tasks, waits);
    }

    private async Task WriteAroundAsync(Sent[] tasks)
    {
        var around = Harness.OpenAround();
        foreach (var (index, task) in tasks.Index())
        {
            await around.WriteAsync(RecordOf(task, TaskStates.Success, $"{index}"), task.ReplyTo, Cancelled);
        }
    }

    private static async Task ArriveAsync(Task<ResultRecord>[] waits) =>
        Assert.Equal(Enumerable.Range(0, waits.Length).Select(index => $"{index}"), (await Task.WhenAll(waits)).Select(ResultOf));
}
