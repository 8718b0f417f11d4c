using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    private string Other => $"{Harness.Queue}-other";

    /// <summary>A route by glob, and a worker on the queue it names.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_route_sends_a_task_to_another_queue_and_its_result_comes_back()
    {
        var client = Harness.OpenClient(configure: options => options.TaskRoutes.Add("conformance.a*", queue: Other));
        await Harness.StartWorkerAsync(options => options.Queues = [Other]);
        var sent = await client.SendAsync(ConformanceTasks.AddTask.S(2, 3));

        Assert.Equal(5, await sent.GetAsync(Patience));
        if (Can.Counts)
        {
            Assert.Null(await Transport.CountAsync(Harness.Queue));
        }
    }

    /// <summary>A topic queue is published to through its exchange, with the key of the call; other keys go elsewhere.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_topic_queue_takes_the_tasks_whose_key_matches()
    {
        var exchange = $"{Harness.Queue}-topic";
        Action<CeleriacOptions> topic = options =>
        {
            options.TaskQueues.Add(new TaskQueue(Harness.Queue) { Exchange = exchange, ExchangeType = ExchangeType.Topic, RoutingKey = "orders.#" });
            options.TaskQueues.Add(new TaskQueue(Other) { Exchange = exchange, ExchangeType = ExchangeType.Topic, RoutingKey = "mail.#", Bindings = [new TaskQueueBinding(exchange, "letters.*", ExchangeType.Topic)] });
            options.TaskRoutes.Add("conformance.add", new TaskRoute { Queue = Other, RoutingKey = "letters.new" });
        };
        var client = Harness.OpenClient(configure: topic);
        if (!Can.Topic)
        {
            await Assert.ThrowsAsync<TransportRefusedException>(async () => await client.SendAsync(ConformanceTasks.AddTask.S(2, 3)));
            return;
        }
        await Harness.StartWorkerAsync(options => options.Queues = [Other], topic);
        // Nobody consumes the first queue: it must be declared all the same, and gets nothing.
        await client.SendAsync(ConformanceTasks.NothingTask.S().Set(options => options with { Queue = Harness.Queue, RoutingKey = "orders.eu.new" }));

        Assert.Equal(5, await (await client.SendAsync(ConformanceTasks.AddTask.S(2, 3))).GetAsync(Patience));
        await ReadyAsync(1);
    }

    /// <summary>Every worker that consumes a broadcast queue runs its tasks.</summary>
    [Fact(Timeout = Limit)]
    public async Task Every_worker_runs_the_tasks_of_a_broadcast_queue()
    {
        Action<CeleriacOptions> broadcast = options => options.TaskQueues.Add(TaskQueue.Broadcast(Other));
        var client = Harness.OpenClient(configure: broadcast);
        var everybody = ConformanceTasks.UnkeptTask.S(GateName).Set(options => options with { Queue = Other });
        if (!Can.Fanout)
        {
            await Assert.ThrowsAsync<TransportRefusedException>(async () => await client.SendAsync(everybody));
            return;
        }
        await Assert.ThrowsAsync<UnroutableException>(async () => await client.SendAsync(everybody));
        await Harness.StartWorkerAsync(shared: broadcast);
        await Harness.StartWorkerAsync(shared: broadcast);
        await client.SendAsync(everybody);
        await Gate.EnteredAsync(Patience);
        await Gate.EnteredAsync(Patience);

        Assert.Equal(2, Gate.Count);
    }

    /// <summary>Higher first; of the same priority the older first. What waits in the worker is not reordered, so it fetches one at a time.</summary>
    [Fact(Timeout = Limit)]
    public async Task On_a_queue_with_priorities_the_higher_task_runs_first_and_equals_in_their_order()
    {
        Action<CeleriacOptions> ordered = options => options.TaskQueues.Add(new TaskQueue(Harness.Queue) { MaxPriority = 9 });
        var client = Harness.OpenClient(configure: ordered);
        if (Can.MaxPriority == 0)
        {
            var refusal = await Assert.ThrowsAsync<TransportRefusedException>(async () => await client.SendAsync(ConformanceTasks.AddTask.S(1)));
            Assert.Contains("priorit", refusal.Message, StringComparison.Ordinal);
            return;
        }
        foreach (var (text, priority) in new (string, byte)[] { ("low 1", 1), ("high 1", 9), ("middle", 5), ("low 2", 1), ("high 2", 9) })
        {
            await client.SendAsync(ConformanceTasks.NotedTask.S(GateName, text).Set(options => options with { Priority = priority }));
        }
        await Harness.StartWorkerAsync(options => (options.Concurrency, options.Prefetch) = (1, 1), ordered);
        for (var count = 0; count < 5; count++)
        {
            await Gate.EnteredAsync(Patience);
        }
        Assert.Equal(["high 1", "high 2", "middle", "low 1", "low 2"], Gate.Notes);
    }

    /// <summary>A queue that was declared plainly stays as it is.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_queue_that_exists_otherwise_is_used_as_it_is()
    {
        await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        var ordered = Harness.OpenClient(configure: options => options.TaskQueues.Add(new TaskQueue(Harness.Queue) { MaxPriority = 9 }));
        if (Can.MaxPriority == 0 || !Can.Counts)
        {
            return;
        }
        await ordered.SendAsync(ConformanceTasks.AddTask.S(2, 2));

        await ReadyAsync(2);
    }
}
