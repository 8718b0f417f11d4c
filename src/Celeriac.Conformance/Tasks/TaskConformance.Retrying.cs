using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>A retry may go elsewhere, as Celery's <c>retry(queue=…, priority=…)</c>.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_retry_may_go_to_another_queue_with_another_priority()
    {
        var other = $"{Harness.Queue}-other";
        await Harness.StartWorkerAsync();
        var there = await Harness.StartWorkerAsync(options => options.Queues = [other]);
        var sent = await Client.SendAsync(ConformanceTasks.DetourTask.S(other));

        Assert.Equal($"{there.Node} 3", await sent.GetAsync(Patience));
    }

    /// <summary>What was asked for the first run holds for the next.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_retry_keeps_id_priority_limits_expiry_headers_and_stamps_and_waits_for_its_eta()
    {
        await Harness.StartWorkerAsync();
        var started = System.Diagnostics.Stopwatch.StartNew();
        var sent = await Client.SendAsync(ConformanceTasks.CarriedTask.S().Set(options => options with
        {
            Priority = 4,
            TimeLimit = TimeSpan.FromSeconds(30),
            Expires = TimeProvider.System.GetUtcNow().AddHours(1),
            Headers = MessageHeaders.Empty.With("tenant", "acme"),
            Stamps = MessageHeaders.Empty.With("batch", "b1"),
        }));

        Assert.Equal($"{sent.Id} 4 00:00:30 True acme b1", await sent.GetAsync(Patience));
        Assert.True(started.Elapsed >= TimeSpan.FromMilliseconds(250), $"It ran again after {started.Elapsed.TotalMilliseconds} ms.");
    }

    /// <summary>Whoever refuses knows best when to come back.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_retry_waits_as_long_as_its_exception_says()
    {
        await Harness.StartWorkerAsync();
        // The declaration's own delay is three minutes.
        Assert.Equal(2, await (await Client.SendAsync(ConformanceTasks.BusyTask.S())).GetAsync(Patience));
    }

    /// <summary>Progress is seen while the task runs; of a tight loop little is written, and always its end.</summary>
    [Fact(Timeout = Limit)]
    public async Task Progress_is_seen_while_the_task_runs()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.StepsTask.S(GateName, 5000));
        await Gate.EnteredAsync(Patience);
        TaskProgress? progress = null;
        await Eventually(async () => (progress = await sent.ReadProgressAsync()) is { Current: 5000 });
        Gate.Open();

        Assert.Equal(new TaskProgress(5000, 5000, "counting"), progress);
        Assert.Equal(5000, await sent.GetAsync(Patience));
        Assert.Null(await sent.ReadProgressAsync());
    }

    /// <summary>Thousands in one go.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_list_of_calls_is_sent_in_one_go_and_answered_in_order()
    {
        await Harness.StartWorkerAsync();
        var sent = await ConformanceTasks.AddTask.With(client: Client).DelayManyAsync(Enumerable.Range(0, 1500).Select(number => (number, 1)));
        var results = new List<int>();
        foreach (var result in sent)
        {
            results.Add(await result.GetAsync(Patience));
        }
        Assert.Equal(Enumerable.Range(1, 1500), results);
    }
}
