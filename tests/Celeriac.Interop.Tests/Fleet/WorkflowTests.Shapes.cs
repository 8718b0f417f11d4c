using Celeriac.Interop.Peer;

namespace Celeriac.Interop.Tests.Fleet;

// Shapes of workflows of both sides.
public sealed partial class RedisWorkflowTests
{
    [Fact(Timeout = Limit)]
    public async Task Chords_of_both_sides_stand_in_chains_and_groups_follow_groups()
    {
        var pair = Group.Of(PeerTasks.AddTask.Partial(1), PythonAdd(2));
        var inChain = await Client.SendAsync(PythonAdd(0).With(1) | pair | PeerTasks.TotalTask.Partial() | PythonAdd(10), Cancelled);
        var groups = await Client.SendAsync(Group.Of(Group.Of(PythonAdd(0).With(1)), Group.Of(PeerTasks.AddTask.S(2, 0), PythonAdd(0).With(3))) | PythonTotal | pair | PythonTotal, Cancelled);
        Assert.Equal((15, 15), (await inChain.GetAsync(Patience, Cancelled), await groups.GetAsync(Patience, Cancelled)));
        Assert.Equal("[15,15]", Plain(await Python.RunAsync("""
            ours, theirs = interop_app.add.s(2).set(queue='py'), app.signature('cs.add', args=(1,))
            total, sums = interop_app.total.s().set(queue='py'), app.signature('cs.total')
            a = chain(interop_app.add.s(1, 0).set(queue='py'), group(theirs, ours), sums, interop_app.add.s(10).set(queue='py')).apply_async()
            b = chain(group(group(interop_app.add.s(1, 0).set(queue='py')), group(app.signature('cs.add', args=(2, 0)), interop_app.add.s(3, 0).set(queue='py'))), total, group(theirs, ours), total).apply_async()
            return [r.get(timeout=PATIENCE) for r in (a, b)]
            """)));
    }

    [Fact(Timeout = Limit)]
    public async Task An_empty_group_and_one_of_one_go_to_a_body_of_the_other_side()
    {
        var none = await Client.SendAsync(Group.Of<int>(Array.Empty<Signature<int>>()) | PythonTotal, Cancelled);
        var one = await Client.SendAsync(Group.Of(PeerTasks.AddTask.S(3, 4)) | PythonTotal, Cancelled);
        Assert.Equal((0, 7), (await none.GetAsync(Patience, Cancelled), await one.GetAsync(Patience, Cancelled)));
        Assert.Equal("[0,7]", Plain(await Python.RunAsync("""
            return [chord(header, app.signature('cs.total')).apply_async().get(timeout=PATIENCE) for header in ([], [interop_app.add.s(3, 4).set(queue='py')])]
            """)));
    }

    [Theory(Timeout = Limit)]
    [InlineData("task", "3")]
    [InlineData("chain", "13")]
    [InlineData("group", "[3,7]")]
    [InlineData("chord", "10")]
    public async Task What_replaces_a_task_may_be_of_the_other_side(string by, string result)
    {
        var ours = await Client.SendAsync(new Signature("cs.replaced").WithArgs(by), Cancelled);
        var theirs = await Client.SendAsync(new Signature("py.replaced").WithArgs(by).Set(InPython), Cancelled);
        Assert.Equal((result, result), ((await EndAsync(ours.Id)).Replace(" ", "", StringComparison.Ordinal), (await EndAsync(theirs.Id)).Replace(" ", "", StringComparison.Ordinal)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_member_may_add_a_task_of_the_other_side_to_its_chord()
    {
        var ours = await Client.SendAsync(Group.Of(PeerTasks.AddingTask.S(1), PeerTasks.AddTask.S(1, 1)) | PythonTotal, Cancelled);
        var theirs = await Client.SendAsync(Group.Of(new Signature("py.adding").WithArgs(1).Set(InPython).As<int>(), PeerTasks.AddTask.S(1, 1)) | PythonTotal, Cancelled);
        Assert.Equal((14, 14), (await ours.GetAsync(Patience, Cancelled), await theirs.GetAsync(Patience, Cancelled)));
    }

    [Fact(Timeout = Limit)]
    public async Task Long_and_deep_workflows_alternate_between_the_languages()
    {
        var members = Setting("CELERIAC_CANVAS_MEMBERS", 60);
        var chain = Enumerable.Range(1, members - 1).Aggregate(PeerTasks.AddTask.S(0, 1), (before, number) => before | (number % 2 == 0 ? PeerTasks.AddTask.Partial(1) : PythonAdd(1)));
        var chord = Group.Of(Enumerable.Range(0, members).Select(number => number % 2 == 0 ? PeerTasks.AddTask.S(0, 1) : PythonAdd(1).With(0))) | PythonTotal;
        var nested = Enumerable.Range(0, 10).Aggregate(PeerTasks.AddTask.S(0, 1), (inner, level) =>
            Group.Of(inner, PythonAdd(1).With(0)) | (level % 2 == 0 ? PythonTotal : PeerTasks.TotalTask.Partial()));
        var sent = (await Client.SendAsync(chain, Cancelled), await Client.SendAsync(chord, Cancelled), await Client.SendAsync(nested, Cancelled));
        Assert.Equal((members, members, 11), (await sent.Item1.GetAsync(Patience, Cancelled), await sent.Item2.GetAsync(Patience, Cancelled), await sent.Item3.GetAsync(Patience, Cancelled)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_CSharp_link_and_errback_come_after_a_Python_task()
    {
        var ledger = Path.Combine(Path.GetTempPath(), $"celeriac-links-{Guid.NewGuid():N}");
        try
        {
            await Client.SendAsync(PythonAdd(1).With(1).Link(PeerTasks.EnterTask.S(ledger, 5)), Cancelled);
            await EventuallyAsync(() => Task.FromResult(Lines().Contains("5 cs")), "the link has run");
            await Client.SendAsync(new Signature("py.fail").WithArgs("Refused", "no").Set(InPython).As<int>().OnError(PeerTasks.EnterTask.S(ledger, 6)), Cancelled);
            await EventuallyAsync(() => Task.FromResult(Lines().Contains("6 cs")), "the errback has run");
        }
        finally
        {
            File.Delete(ledger);
        }

        string[] Lines() => File.Exists(ledger) ? File.ReadAllLines(ledger) : [];
    }

    /// <summary>Celery 5.2 gives stamps to its tasks, but does not send them on: what it sends next has none, and what C# sends after that has its own again.</summary>
    [Fact(Timeout = Limit)]
    public async Task Stamps_of_a_CSharp_client_reach_Python_and_outlive_a_worker_that_does_not_know_them()
    {
        var seen = new Signature("py.stamps").Set(InPython).As<string[]>();
        Assert.Equal(["customer=acme"], await (await Client.SendAsync((PeerTasks.AddTask.S(1, 2) | seen).Stamp("customer", "acme"), Cancelled)).GetAsync(Patience, Cancelled));
        var chain = await Client.SendAsync((PeerTasks.AddTask.S(1, 2) | PythonAdd(1) | PeerTasks.StampsTask.S() | PeerTasks.StampsTask.S()).Stamp("customer", "acme"), Cancelled);
        Assert.Equal(["customer=acme"], await chain.GetAsync(Patience, Cancelled));
        Assert.Equal("[]", System.Text.Encoding.UTF8.GetString((await chain.Parent!.GetJsonAsync(Patience, Cancelled)).Span));
    }

    [Fact(Timeout = Limit)]
    public async Task Stamps_of_a_Python_client_reach_CSharp_and_go_on_to_Python() =>
        Assert.Equal("""[["customer=acme"],["customer=acme"]]""", Plain(await Python.RunAsync("""
            stamps = {'stamped_headers': ['customer'], 'stamps': {'customer': 'acme'}}
            one = app.signature('cs.stamps').apply_async(headers=stamps)
            two = chain(app.signature('cs.add', args=(1, 2)).set(headers=stamps), interop_app.stamps.si().set(queue='py')).apply_async()
            return [r.get(timeout=PATIENCE) for r in (one, two)]
            """)));

    [Fact(Timeout = Limit)]
    public async Task A_group_that_one_side_has_saved_is_restored_by_the_other()
    {
        var ours = await Client.SendAsync(Group.Of(PeerTasks.AddTask.S(1, 2), PeerTasks.AddTask.S(1, 2) | PythonAdd(10)), Cancelled);
        await ours.SaveAsync(Cancelled);
        var theirs = await Python.RunAsync($"""
            from celery.result import GroupResult, result_from_tuple
            restored = GroupResult.restore('{ours.Id}', app=app)
            sent = group(app.signature('cs.add', args=(3, 4)), chain(interop_app.add.s(1).set(queue='py'), app.signature('cs.add', args=(1,)))).apply_async()
            sent.save()
            tuple = json.loads('{ours.Members[1].AsTuple()}')
            return [restored.get(timeout=PATIENCE), sent.id, result_from_tuple(tuple, app=app).parent.get(timeout=PATIENCE), restored.results[1].parent.id, json.dumps(sent.as_tuple())]
            """);
        Assert.Equal("""[3,13]""", Plain(theirs[0]));
        Assert.Equal((3, ours.Members[1].Parent!.Id), (theirs[2].GetInt32(), theirs[3].GetString()));
        var restored = await Client.RestoreGroupAsync<int>(theirs[1].GetString()!, Cancelled);
        var results = await restored!.GetAsync(Patience, Cancelled);
        Assert.Equal([7, 4], results);
        Assert.Equal(restored.AsTuple(), Client.ResultFromTuple(theirs[4].GetString()!).AsTuple());
        Assert.Equal("3", System.Text.Encoding.UTF8.GetString((await restored.Members[1].Parent!.GetJsonAsync(Patience, Cancelled)).Span));
    }
}
