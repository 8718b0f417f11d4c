using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    private Quarantine Quarantine => new(Client, Harness.Queue);

    /// <summary>What is asked for, and nothing else.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_filter_chooses_what_is_listed_retried_and_deleted()
    {
        var worker = await Harness.StartWorkerAsync();
        var spoilt = await PutAsideAsync(TaskMessage("[[1, 2], {}, {"));
        var misfit = await PutAsideAsync(TaskMessage("[[1, 2, 3], {}, {}]") with { Priority = 3 });
        var other = await PutAsideAsync(TaskMessage("[[1, 2], {\"z\": 3}, {}]"));
        await HoldsAsync(3);
        await Harness.StopWorkerAsync(worker);
        var quarantine = Quarantine;

        var misfits = new QuarantineFilter { Reason = nameof(QuarantineReason.WrongArguments), Task = "conformance.*", Since = DateTimeOffset.UnixEpoch };
        // They failed in runs of their own: their order is anybody's.
        Assert.Equal(new[] { misfit, other }.Order(StringComparer.Ordinal), (await quarantine.ListAsync(misfits)).Messages.Select(message => message.Id).Order(StringComparer.Ordinal));
        await HoldsAsync(3);
        Assert.Equal((1, 0), await ChangedAsync(quarantine.DeleteAsync(new QuarantineFilter { Contains = "'z'" })));
        await HoldsAsync(2);
        Assert.Equal((1, 0), await ChangedAsync(quarantine.RetryAsync(misfits)));
        await HoldsAsync(1);

        var sent = await Transport.GetAsync(Harness.Queue);
        Assert.Equal((misfit, (byte?)3), (sent!.Message.Headers.TextOf("id"), sent.Message.Priority));
        await sent.AckAsync();
        Assert.Equal(spoilt, Assert.Single(await quarantine.ListAsync()).Id);
    }

    /// <summary>The first so many are the oldest.</summary>
    [Fact(Timeout = Limit)]
    public async Task The_first_so_many_of_a_quarantine_are_listed_and_deleted()
    {
        await Harness.StartWorkerAsync();
        string[] ids = [await PutAsideAsync(TaskMessage("[")), await PutAsideAsync(TaskMessage("[")), await PutAsideAsync(TaskMessage("["))];
        await HoldsAsync(3);

        Assert.Equal(ids[..2], (await Quarantine.ListAsync(2)).Select(message => message.Id));
        await HoldsAsync(3);
        Assert.Equal((2, 0), await ChangedAsync(Quarantine.DeleteAsync(QuarantineFilter.Everything, 2)));
        await HoldsAsync(1);
        Assert.Equal(ids[2], Assert.Single(await Quarantine.ListAsync()).Id);
    }

    /// <summary>How often is written on the message, and so it outlives every worker and caller.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_message_that_is_put_aside_again_tells_how_often_and_since_when()
    {
        await Harness.StartWorkerAsync();
        await PutAsideAsync(TaskMessage("["));
        await HoldsAsync(1);
        var first = Assert.Single(await Quarantine.ListAsync());
        Assert.Equal((1, first.Time), (first.Count, first.FirstTime));
        await HoldsAsync(1);
        Assert.Equal(1, await Quarantine.RetryAllAsync());

        QuarantinedMessage? second = null;
        await Eventually(async () => (second = await Quarantine.FindAsync(first.Id)) is { Count: 2 }, "the message is put aside again");
        Assert.Equal(first.Time, second!.FirstTime);
        Assert.True(second.Time > first.Time);
        Assert.Equal(first.Message.Body.ToArray(), second.Message.Body.ToArray());
    }

    /// <summary>What is too much goes, the oldest first.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_quarantine_that_holds_too_many_loses_the_oldest()
    {
        if (!Can.Counts)
        {
            return;
        }
        var worker = await Harness.StartWorkerAsync(options => options.QuarantineMaxCount = 2);
        var ids = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            ids.Add(await PutAsideAsync(TaskMessage("[")));
        }
        // The last is there, and the first are gone. Who looks holds what it sees: not before.
        await Eventually(() => Task.FromResult(worker.Counters.Quarantined == ids.Count), "all were put aside");
        await Eventually(async () => await Transport.CountAsync(QuarantineQueue) is { Ready: 2 }, "two are left");
        await Eventually(async () => (await Quarantine.ListAsync()).Select(message => message.Id).SequenceEqual(ids[3..]), "the last two are left");
    }

    private async Task<string> PutAsideAsync(Message message)
    {
        await Transport.PublishAsync(Publication.ToQueue(Harness.Queue, message));
        return message.Headers.TextOf("id")!;
    }

    private static async Task<(int, int)> ChangedAsync(ValueTask<QuarantineChange> change)
    {
        var (count, expired, unseen) = await change;
        Assert.Equal(0, unseen);
        return (count, expired);
    }

    /// <summary>Waits until the quarantine holds so many. A broker takes back in the background what somebody has looked at.</summary>
    private Task HoldsAsync(int expected) => Eventually(
        async () => (Can.Counts ? (await Transport.CountAsync(QuarantineQueue))?.Ready : (await Quarantine.CountAsync()).Total) == expected, $"the quarantine holds {expected}");
}
