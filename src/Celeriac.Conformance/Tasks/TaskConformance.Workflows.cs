namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>Each task gets the result of the one before, and each result can be awaited.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_chain_runs_one_task_after_the_other_with_the_result_of_the_one_before()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) | WorkflowTasks.TimesTask.Partial(5) | ConformanceTasks.AddTask.Partial(4));

        Assert.Equal(19, await sent.GetAsync(Patience));
        Assert.Equal("15", Text(await sent.Parent!.GetJsonAsync(Patience)));
        Assert.Equal("3", Text(await sent.Parent.Parent!.GetJsonAsync(Patience)));
        Assert.Null(sent.Parent.Parent.Parent);
        await NothingIsLeftAsync();
    }

    /// <summary>Monitors see one workflow: who sent whom, and where it began; stamps go with it.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_task_in_a_chain_knows_its_parent_its_root_and_its_stamps()
    {
        await Harness.StartWorkerAsync();
        var stamped = ConformanceTasks.AddTask.S(1).Stamp("batch", "b7");
        var sent = await Client.SendAsync(stamped | WorkflowTasks.TimesTask.Partial(2) | WorkflowTasks.PlaceTask.Partial());

        Assert.Equal([sent.Id, sent.Parent!.Id, sent.Parent.Parent!.Id, "b7"], await sent.GetAsync(Patience));
    }

    /// <summary>A complete signature has all it needs.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_complete_signature_in_a_chain_ignores_the_result_before()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(100) | ConformanceTasks.AddTask.S(3, 4) | WorkflowTasks.TimesTask.Partial(2));

        Assert.Equal(14, await sent.GetAsync(Patience));
    }

    /// <summary>Callbacks, after a single task and after a chain.</summary>
    [Fact(Timeout = Limit)]
    public async Task Links_are_called_with_the_result()
    {
        await Harness.StartWorkerAsync();
        var text = WorkflowTasks.NoteTask.S("start", $"{GateName}-unused");
        await Client.SendAsync(text.Link(WorkflowTasks.NoteTask.Partial(GateName)).Link(WorkflowTasks.NoteTask.S("done", GateName)));

        await Eventually(() => Task.FromResult(Gate.Notes.Order(StringComparer.Ordinal).SequenceEqual(["done", "start"])), "both links have run");
        await NothingIsLeftAsync();
        Assert.Equal(2, Gate.Notes.Count());
    }

    /// <summary>Errbacks are called once, with the id of what failed.</summary>
    [Fact(Timeout = Limit)]
    public async Task An_errback_is_called_once_with_the_id_of_the_failed_task()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.FailTask.S("no").OnError(WorkflowTasks.NoteTask.Partial(GateName)));

        Assert.Equal("no", (await FailureOf(sent)).RemoteMessage);
        await Eventually(() => Task.FromResult(Gate.Notes.Any()), "the errback has run");
        await NothingIsLeftAsync();
        Assert.Equal([sent.Id], Gate.Notes);
    }

    /// <summary>Who awaits the last task of a chain hears of a failure in the middle.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_failure_in_the_middle_of_a_chain_is_told_to_its_end()
    {
        await Harness.StartWorkerAsync();
        var chain = ConformanceTasks.AddTask.S(1, 2) | WorkflowTasks.EvenTask.Partial() | WorkflowTasks.TimesTask.Partial(2) | WorkflowTasks.TimesTask.Partial(2);
        var sent = await Client.SendAsync(chain.LinkError(WorkflowTasks.NoteTask.Partial(GateName)));
        var error = await FailureOf(sent);

        Assert.Equal(("InvalidOperationException", "3 is odd", sent.Id), (error.RemoteType, error.RemoteMessage, error.TaskId));
        Assert.Contains(nameof(WorkflowTasks.Even), error.Traceback, StringComparison.Ordinal);
        Assert.Equal(TaskStates.Failure, (await sent.Parent!.WaitAsync(Patience)).Status);
        await Eventually(() => Task.FromResult(Gate.Notes.Any()), "the errback has run");
        await NothingIsLeftAsync();
        Assert.Equal([sent.Parent.Parent!.Id], Gate.Notes);
    }

    /// <summary>Celery tells the chain only of failures; here nobody waits in vain for one that came too late.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_chain_whose_task_came_too_late_ends_as_failure()
    {
        await Harness.StartWorkerAsync();
        var late = ConformanceTasks.AddTask.S(1, 2).Set(options => options with { Expires = DateTimeOffset.UnixEpoch });
        var sent = await Client.SendAsync(late | WorkflowTasks.TimesTask.Partial(2));

        Assert.Equal(("TaskRevokedError", "expired"), (await FailureOf(sent)) is var error ? (error.RemoteType, error.RemoteMessage) : default);
        Assert.Equal(TaskStates.Revoked, (await sent.Parent!.WaitAsync(Patience)).Status);
    }

    /// <summary>The same for a task that no worker knows.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_chain_with_a_task_that_nobody_knows_ends_as_failure()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) | WorkflowTasks.NowhereTask.Partial() | WorkflowTasks.TimesTask.Partial(2));

        Assert.Equal("NotRegistered", (await FailureOf(sent)).RemoteType);
    }

    /// <summary>A group is joined in the order of its members; chains may be members.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_group_is_joined_in_the_order_of_its_members()
    {
        var group = Group.Of(ConformanceTasks.AddTask.S(1, 2), ConformanceTasks.AddTask.S(3, 4) | WorkflowTasks.TimesTask.Partial(10));
        var sent = await Client.SendAsync(Group.Of(group, Group.Of(ConformanceTasks.AddTask.S(5))));
        Assert.Equal(0, await sent.CompletedAsync());
        await Harness.StartWorkerAsync();

        var results = await sent.GetAsync(Patience);
        Assert.Equal([3, 70, 7], results);
        Assert.Equal((3, 3), (await sent.CompletedAsync(), sent.Members.Count));
        Assert.Empty(await (await Client.SendAsync(Group.Of<int>(Array.Empty<Signature<int>>()))).GetAsync(Patience));
    }

    /// <summary>A member that fails does not hold up the others.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_group_with_a_failed_member_fails_and_the_others_have_run()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(Group.Of(WorkflowTasks.EvenTask.S(2), WorkflowTasks.EvenTask.S(3), WorkflowTasks.EvenTask.S(4)));

        Assert.Equal("3 is odd", (await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(Patience))).RemoteMessage);
        Assert.Equal(4, await sent.Members[2].GetAsync(Patience));
    }

    /// <summary>A chain may fan out at its end.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_chain_may_end_in_a_group()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) | Group.Of(WorkflowTasks.TimesTask.Partial(2), WorkflowTasks.TimesTask.Partial(3) | WorkflowTasks.TimesTask.Partial(7)));

        var results = await sent.GetAsync(Patience);
        Assert.Equal([6, 63], results);
        Assert.Equal(2, sent.Group!.Members.Count);
        Assert.Equal("3", Text(await sent.Parent!.GetJsonAsync(Patience)));
    }

    /// <summary>A worker may die between any two steps: every chain ends, and a repeated step invents no tasks.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task Workers_killed_in_the_middle_of_chains_and_chords_lose_none_of_their_tasks()
    {
        if (!SharesProcesses())
        {
            return;
        }
        const int Chains = 40;
        var ledger = Harness.NewFolder();
        await using var client = Harness.OpenClient(QuickUrl);
        var chain = LedgerTasks.EnterTask.S(ledger, 40) | LedgerTasks.EnterTask.S(ledger, 40) | LedgerTasks.EnterTask.S(ledger, 40) | LedgerTasks.EnterTask.S(ledger, 40);
        var sent = await Task.WhenAll(Enumerable.Range(0, Chains).Select(_ => client.SendAsync(chain).AsTask()));
        var member = LedgerTasks.EnterTask.S(ledger, 40);
        var chords = client.State is null ? [] : await Task.WhenAll(Enumerable.Range(0, Chains / 2).Select(_ => client.SendAsync(Group.Of(member, member, member) | member).AsTask()));
        await using var steady = await StartWorkerProcessAsync("steady@test");
        for (var round = 1; round <= 3; round++)
        {
            await using var victim = await StartWorkerProcessAsync($"victim{round}@test");
            await Eventually(() => Task.FromResult(Entries(ledger).Count >= round * Chains / 2));
            await victim.KillAsync();
        }
        var expected = new List<string>();
        foreach (var body in chords)
        {
            Assert.Equal(body.Id, await body.GetAsync(TimeSpan.FromSeconds(60)));
            expected.Add(body.Id);
            expected.AddRange(body.Parent!.Group!.Members.Select(one => one.Id));
        }
        foreach (var last in sent)
        {
            Assert.Equal(last.Id, await last.GetAsync(TimeSpan.FromSeconds(60)));
            for (AsyncResult? task = last; task is not null; task = task.Parent)
            {
                expected.Add(task.Id);
            }
        }
        Assert.Equal(expected.Order(StringComparer.Ordinal), Entries(ledger).Distinct().Order(StringComparer.Ordinal));
    }

    private static string Text(ReadOnlyMemory<byte> json) => System.Text.Encoding.UTF8.GetString(json.Span);
}
