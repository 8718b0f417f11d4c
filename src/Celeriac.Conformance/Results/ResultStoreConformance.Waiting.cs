using Celeriac.Protocol;

namespace Celeriac.Conformance;

// Who waits gets the end, whatever came first.
public abstract partial class ResultStoreConformance<THarness>
{
    /// <summary>The usual order.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(TaskStates.Success)]
    [InlineData(TaskStates.Failure)]
    [InlineData(TaskStates.Revoked)]
    public async Task A_wait_ends_when_the_task_has_ended(string status)
    {
        var task = await SendAsync();
        var waiting = WaitAsync(task);
        await WriteAsync(task, status);
        Assert.Equal(status, (await waiting).Status);
    }

    /// <summary>The result was there already.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_wait_for_a_task_that_has_ended_ends_at_once()
    {
        var task = await SendAsync();
        await WriteAsync(task, TaskStates.Success, "1");
        await ReadsAsync(task, TaskStates.Success);
        Assert.Equal("1", ResultOf(await WaitAsync(task)));
        Assert.Equal("1", ResultOf(await WaitAsync(task)));
    }

    /// <summary>STARTED, RETRY and a state of the task's own end nothing.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_wait_goes_on_through_states_that_are_no_end()
    {
        var task = await SendAsync();
        var waiting = WaitAsync(task);
        foreach (var status in new[] { TaskStates.Started, "PROGRESS", TaskStates.Retry })
        {
            await WriteAsync(task, status);
            await ReadsAsync(task, status);
        }
        Assert.False(waiting.IsCompleted);
        await WriteAsync(task, TaskStates.Success, "1");
        Assert.Equal("1", ResultOf(await waiting));
    }

    /// <summary>Written while the wait begins: neither too early nor too late to be heard.</summary>
    [Fact(Timeout = Limit)]
    public async Task No_result_is_missed_that_is_written_while_the_wait_begins()
    {
        for (var round = 0; round < 100; round++)
        {
            var task = await SendAsync();
            var waiting = Task.Run(() => WaitAsync(task), Cancelled);
            await WriteAsync(task, TaskStates.Success, $"{round}");
            Assert.Equal($"{round}", ResultOf(await waiting));
        }
    }

    /// <summary>One client, a thousand tasks.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_thousand_waits_each_get_their_own_result()
    {
        const int count = 1000;
        var tasks = new List<Sent>();
        for (var index = 0; index < count; index++)
        {
            tasks.Add(await SendAsync());
        }
        var waits = tasks.Select(WaitAsync).ToArray();
        foreach (var some in tasks.Index().Chunk(100))
        {
            await Task.WhenAll(some.Select(task => WriteAsync(task.Item, TaskStates.Success, $"{task.Index}")));
        }
        Assert.Equal(Enumerable.Range(0, count).Select(index => $"{index}"), (await Task.WhenAll(waits)).Select(ResultOf));
    }

    /// <summary>All get it.</summary>
    [Fact(Timeout = Limit)]
    public async Task Several_may_wait_for_one_task()
    {
        var task = await SendAsync();
        var waits = Enumerable.Range(0, 10).Select(_ => WaitAsync(task)).ToArray();
        await WriteAsync(task, TaskStates.Success, "1");
        Assert.All(await Task.WhenAll(waits), record => Assert.Equal("1", ResultOf(record)));
    }

    /// <summary>A store is open to all.</summary>
    [Fact(Timeout = Limit)]
    public async Task Another_client_may_wait_for_a_task_that_it_did_not_send_where_results_are_kept()
    {
        var task = await SendAsync();
        var elsewhere = Harness.Open();
        if (!Harness.KeepsResults)
        {
            var refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () => await elsewhere.WaitAsync(task.Id, Cancelled));
            Assert.Contains(task.Id, refusal.Message, StringComparison.Ordinal);
            return;
        }
        var waiting = elsewhere.WaitAsync(task.Id, Cancelled).AsTask();
        var here = WaitAsync(task);
        await WriteAsync(task, TaskStates.Success, "1");
        Assert.Equal(["1", "1"], new[] { ResultOf(await waiting), ResultOf(await here) });
    }

    /// <summary>Who leaves takes nobody with him.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_wait_that_is_cancelled_ends_alone()
    {
        var task = await SendAsync();
        using var leave = new CancellationTokenSource();
        var left = Caller.WaitAsync(task.Id, leave.Token).AsTask();
        var stays = WaitAsync(task);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.False(stays.IsCompleted);
        await WriteAsync(task, TaskStates.Success, "1");
        Assert.Equal("1", ResultOf(await stays));
    }

    /// <summary>Come and go, many times: what is subscribed to follows.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_may_be_awaited_again_after_its_only_wait_was_cancelled()
    {
        var task = await SendAsync();
        for (var round = 0; round < 50; round++)
        {
            using var leave = new CancellationTokenSource();
            var left = Caller.WaitAsync(task.Id, leave.Token).AsTask();
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        }
        var stays = WaitAsync(task);
        await WriteAsync(task, TaskStates.Success, "1");
        Assert.Equal("1", ResultOf(await stays));
    }

    /// <summary>Nobody waits for ever for a client that is gone.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_wait_fails_when_its_client_is_closed()
    {
        var task = await SendAsync();
        // The first wait shows that the store is awaited by now.
        await WriteAsync(task, TaskStates.Success);
        await WaitAsync(task);
        var other = await SendAsync();
        var waiting = Caller.WaitAsync(other.Id, Cancelled).AsTask();
        await WriteAsync(other, TaskStates.Started);
        await ReadsAsync(other, TaskStates.Started);
        await Harness.CloseAsync(Caller);
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => waiting);
    }
}
