namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>Replies go to who sent the task; a store is open to all.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_result_is_awaited_elsewhere_from_a_store_and_refused_with_the_cure_where_it_is_a_reply()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        var elsewhere = Harness.OpenClient().Result<int>(sent.Id);
        if (Client.Results.MayLoseResults)
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await elsewhere.GetAsync(Patience));
            Assert.Contains("result_backend", error.Message, StringComparison.Ordinal);
            Assert.Contains(sent.Id, error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(2, await elsewhere.GetAsync(Patience));
        }
        Assert.Equal(2, await sent.GetAsync(Patience));
    }

    /// <summary>One client serves every thread.</summary>
    [Fact(Timeout = Limit)]
    public async Task Two_hundred_calls_from_many_threads_each_get_their_own_result()
    {
        await Harness.StartWorkerAsync();
        using var together = new Barrier(20);
        var callers = Enumerable.Range(0, 20).Select(caller => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait(Patience);
                return Task.WhenAll(Enumerable.Range(0, 10).Select(call => CallAsync(caller * 10, call)));
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap());
        var sums = await Task.WhenAll(callers);

        Assert.Equal(Enumerable.Range(0, 200), sums.SelectMany(sum => sum).Order());

        async Task<int> CallAsync(int x, int y) => await (await Client.SendAsync(ConformanceTasks.AddTask.S(x, y))).GetAsync(Patience);
    }
}
