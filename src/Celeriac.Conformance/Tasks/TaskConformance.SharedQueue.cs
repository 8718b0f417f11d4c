using Celeriac.Messaging;

namespace Celeriac.Conformance;

// Several apps on one queue, each with tasks of its own.
public abstract partial class TaskConformance<THarness>
{
    private const string TriesHeader = "x-celeriac-unknown-tries";

    /// <summary>A worker that does not know a task leaves it to its neighbour on the same queue.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_only_a_neighbour_knows_is_run_by_the_neighbour()
    {
        if (!Can.CountsConsumers)
        {
            return;
        }
        await Harness.StartWorkerAsync(worker => worker.Prefetch = 1, knows: KnowsNothing);
        await Harness.StartWorkerAsync(worker => worker.Prefetch = 1);
        var sent = new List<AsyncResult<int>>();
        for (var number = 0; number < 5; number++)
        {
            sent.Add(await Client.SendAsync(ConformanceTasks.AddTask.S(number, 1)));
        }
        for (var number = 0; number < sent.Count; number++)
        {
            Assert.Equal(number + 1, await sent[number].GetAsync(Patience * 2));
        }
        await NothingIsLeftAsync();
    }

    /// <summary>What no neighbour has taken so often fails, and its caller is told.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_no_neighbour_wants_ends_in_quarantine_after_its_last_try()
    {
        await Harness.StartWorkerAsync(knows: KnowsNothing);
        await Harness.StartWorkerAsync(knows: KnowsNothing);
        var message = TaskMessage("[[1, 2], {}, null]");
        await Transport.PublishAsync(Publication.ToQueue(Harness.Queue, message with { Headers = message.Headers.With(TriesHeader, 10) }));
        var quarantined = await QuarantinedAsync();

        Assert.Equal("UnknownTask", Reason(quarantined));
        Assert.Contains("in 10 tries", quarantined.Message.Headers.TextOf("x-celeriac-quarantine-text"), StringComparison.Ordinal);
        await NothingIsLeftAsync();
    }

    /// <summary>Whoever has declared the queue with priorities has decided: client and worker take it as it is.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_queue_that_was_declared_with_priorities_is_used_as_it_is()
    {
        await Transport.ConnectAsync();
        if (Can.MaxPriority == 0)
        {
            return;
        }
        await Transport.DeclareAsync(new Topology { Queues = [new QueueDeclaration(Harness.Queue) { MaxPriority = 5 }] });
        if (!Can.Counts)
        {
            // Nobody can tell whether the queue is there: the refusal says what is the matter.
            var refusal = await Assert.ThrowsAsync<TransportRefusedException>(async () => await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1)));
            Assert.Contains("x-max-priority", refusal.Message, StringComparison.Ordinal);
            return;
        }
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1));
        await Harness.StartWorkerAsync();

        Assert.Equal(2, await sent.GetAsync(Patience));
        await NothingIsLeftAsync();
    }

    private static bool KnowsNothing(TaskDefinition task) => false;
}
