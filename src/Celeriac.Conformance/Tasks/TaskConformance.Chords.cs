using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>The body gets the results in the order of the members, however they ended; those of chains and of tasks that were retried too.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_chord_calls_its_body_once_with_the_results_in_order()
    {
        if (await ChordsAreRefusedAsync())
        {
            return;
        }
        await Harness.StartWorkerAsync();
        await Harness.StartWorkerAsync();
        var group = Group.Of(WorkflowTasks.ThirdTimeTask.S(1), ConformanceTasks.AddTask.S(1, 1), ConformanceTasks.AddTask.S(1, 0) | WorkflowTasks.TimesTask.Partial(3));
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(5) | (group | WorkflowTasks.ToldTotalTask.Partial(GateName) | WorkflowTasks.TimesTask.Partial(10)));

        Assert.Equal(60, await sent.GetAsync(Patience));
        await NothingIsLeftAsync();
        Assert.Equal(["1,2,3"], Gate.Notes);
    }

    /// <summary>A member that has failed, and one that came too late: the body fails and its errback is called once.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_chord_with_failed_members_fails_and_calls_its_errback_once()
    {
        if (await ChordsAreRefusedAsync())
        {
            return;
        }
        await Harness.StartWorkerAsync();
        var late = ConformanceTasks.AddTask.S(1, 2).Set(options => options with { Expires = DateTimeOffset.UnixEpoch });
        var chord = Group.Of(WorkflowTasks.EvenTask.S(2), WorkflowTasks.EvenTask.S(3), late) | WorkflowTasks.TotalTask.Partial();
        var sent = await Client.SendAsync((chord | ConformanceTasks.AddTask.Partial(1).Taking<long>()).LinkError(WorkflowTasks.NoteTask.Partial(GateName)));
        var error = await FailureOf(sent);

        Assert.Equal("ChordError", error.RemoteType);
        Assert.Equal($"Dependency {sent.Parent!.Parent!.Group!.Members[1].Id} raised InvalidOperationException('3 is odd')", error.RemoteMessage);
        Assert.Equal(TaskStates.Failure, (await sent.Parent.WaitAsync(Patience)).Status);
        await Eventually(() => Task.FromResult(Gate.Notes.Any()), "the errback has run");
        await NothingIsLeftAsync();
        Assert.Equal([sent.Id], Gate.Notes);
    }

    /// <summary>Chords in chords, a chord after a chord, groups after groups, an empty header and one of one.</summary>
    [Fact(Timeout = Limit)]
    public async Task Chords_nest_and_follow_one_another()
    {
        if (await ChordsAreRefusedAsync())
        {
            return;
        }
        await Harness.StartWorkerAsync();
        var total = WorkflowTasks.TotalTask.Partial();
        var pair = Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4));
        var inner = (pair | total).As<int>();
        var nested = await Client.SendAsync(Group.Of(inner, inner, ConformanceTasks.AddTask.S(1)) | total);
        var again = await Client.SendAsync(pair | total | Group.Of(ConformanceTasks.AddTask.Partial(1), ConformanceTasks.AddTask.Partial(2)).Taking<long>() | total);
        var one = await Client.SendAsync(Group.Of(ConformanceTasks.AddTask.S(20, 1)) | total);
        var none = await Client.SendAsync(Group.Of<int>(Array.Empty<Signature<int>>()) | total);
        var lists = await Client.SendAsync(Group.Of(pair | Group.Of(WorkflowTasks.TotalTask.Partial(), WorkflowTasks.TotalTask.Partial()).Taking<int[]>()) | new Signature("celery.accumulate").AsPartial<long[][], long[][][]>());

        Assert.Equal((23L, 23L, 21L, 0L), (await nested.GetAsync(Patience), await again.GetAsync(Patience), await one.GetAsync(Patience), await none.GetAsync(Patience)));
        Assert.Equal("[[[10,10]]]", Text(await lists.GetJsonAsync(Patience)));
    }

    /// <summary>A message of a member that is delivered twice counts once.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_member_that_ends_twice_counts_once()
    {
        if (await ChordsAreRefusedAsync())
        {
            return;
        }
        var members = Group.Of(ConformanceTasks.AddTask.S(1), ConformanceTasks.AddTask.S(2), ConformanceTasks.AddTask.S(3));
        var sent = await Client.SendAsync(members | WorkflowTasks.ToldTotalTask.Partial(GateName));
        var copies = new List<Publication>();
        for (var taken = 0; taken < 3; taken++)
        {
            var delivery = await Transport.GetAsync(Harness.Queue) ?? throw new InvalidOperationException("A member was not sent.");
            copies.AddRange(Enumerable.Repeat(Publication.ToQueue(Harness.Queue, delivery.Message), 2));
            await delivery.AckAsync();
        }
        await Transport.PublishAsync(copies.ToArray());
        await Harness.StartWorkerAsync();
        await Harness.StartWorkerAsync();

        Assert.Equal(12, await sent.GetAsync(Patience));
        await NothingIsLeftAsync();
        Assert.Equal(["3,4,5"], Gate.Notes);
    }

    /// <summary>A task that is replaced, several times over: who waits for it, and what comes after it, get what took its place.</summary>
    [Fact(Timeout = Limit)]
    public async Task What_replaces_a_task_takes_its_place_in_the_workflow()
    {
        if (await ChordsAreRefusedAsync())
        {
            return;
        }
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(WorkflowTasks.ReplacedTask.S(2).Link(WorkflowTasks.ToldTotalTask.Partial(GateName).Taking<int[]>()) | WorkflowTasks.TotalTask.Partial());
        var alone = await Client.SendAsync(WorkflowTasks.ReplacedTask.S(0));
        var member = await Client.SendAsync(Group.Of(WorkflowTasks.ReplacedTask.S(1), WorkflowTasks.ReplacedTask.S(0)) | new Signature("celery.accumulate").AsPartial<int[][], int[][]>());

        Assert.Equal(26, await sent.GetAsync(Patience));
        Assert.Equal("[6,20]", Text(await alone.GetJsonAsync(Patience)));
        Assert.Equal("[[[6,20],[6,20]]]", Text(await member.GetJsonAsync(Patience)));
        await Eventually(() => Task.FromResult(Gate.Notes.Any()), "the link has run");
        Assert.Equal(["6,20"], Gate.Notes);
    }

    /// <summary>The body waits for members that came later.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_member_may_add_members_to_its_chord()
    {
        if (await ChordsAreRefusedAsync())
        {
            return;
        }
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(Group.Of(WorkflowTasks.AddingTask.S(3), ConformanceTasks.AddTask.S(1, 1)) | WorkflowTasks.TotalTask.Partial());

        Assert.Equal(335, await sent.GetAsync(Patience));
        Assert.Contains("not member of any chord", (await FailureOf(await Client.SendAsync(WorkflowTasks.AddingTask.S(1)))).RemoteMessage, StringComparison.Ordinal);
    }

    /// <summary>Celery's words.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_that_waits_for_another_is_told_not_to()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(WorkflowTasks.ImpatientTask.S(1));

        Assert.StartsWith("Never call result.get() within a task!", await sent.GetAsync(Patience), StringComparison.Ordinal);
    }

    /// <summary>Where nobody can count, the call fails before anything is sent.</summary>
    private async ValueTask<bool> ChordsAreRefusedAsync()
    {
        if (Client.State is not null)
        {
            return false;
        }
        var error = await Assert.ThrowsAsync<SharedStateException>(async () => await Client.SendAsync(Group.Of(ConformanceTasks.AddTask.S(1)) | WorkflowTasks.TotalTask.Partial()));
        Assert.StartsWith("A chord needs shared state, but there is none: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("state_store", error.Message, StringComparison.Ordinal);
        return true;
    }
}
