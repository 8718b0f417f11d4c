using Celeriac.Canvas;
using Celeriac.Conformance;

namespace Celeriac.Tests.Canvas;

/// <summary>How workflows are put together, before anything is sent.</summary>
public sealed class WorkflowTests
{
    private static readonly Signature s_task = new("a");

    [Fact]
    public void A_chain_in_a_chain_is_one_chain() =>
        Assert.Equal(["a", "b", "c", "d"], Names((s_task | new Signature("b")) | (new Signature("c") | new Signature("d"))));

    [Fact]
    public void A_group_in_a_group_is_one_group() =>
        Assert.Equal(["a", "b", "c"], Names(Group.Of(s_task, Group.Of(new Signature("b"), new Signature("c")))));

    [Fact]
    public void An_empty_group_or_one_of_one_that_comes_from_data_is_unrolled_as_Celery_does()
    {
        var data = new Signature("celery.chain") { Canvas = new CanvasNode.Chain([s_task, Group.Of(), new Signature("b"), Group.Of(new Signature("c")), new Signature("d")]) };
        Assert.Equal(["a", "b", "c", "d"], Assert.IsType<CanvasNode.Chain>(new Freezing(place => place).Freeze(data).Canvas).Tasks.Select(task => task.Task));
    }

    [Fact]
    public void An_empty_group_that_something_follows_calls_it_with_the_empty_list() =>
        Assert.Equal("[[]]", System.Text.Encoding.UTF8.GetString(Assert.Single(Plan(Group.Of() | new Signature("b"), keepsBodies: false).Tasks).Args.Span));

    [Fact]
    public void A_group_that_something_follows_is_a_chord_and_what_follows_that_belongs_to_its_body()
    {
        var chord = Assert.IsType<CanvasNode.Chord>((Group.Of(s_task, s_task) | new Signature("b") | new Signature("c")).Canvas);
        Assert.Equal(["b", "c"], Names(chord.Body));
    }

    [Fact]
    public void A_chord_after_a_chord_stays_beside_it_so_that_messages_do_not_grow_without_bound()
    {
        var pair = Group.Of(s_task, s_task);
        var one = Assert.IsType<CanvasNode.Chord>((pair | new Signature("b") | pair | new Signature("c")).Canvas);
        Assert.IsType<CanvasNode.Chord>(Assert.IsType<CanvasNode.Chain>(one.Body.Canvas).Tasks[1].Canvas);
        var two = Assert.IsType<CanvasNode.Chain>(((pair | new Signature("b")) | (pair | new Signature("c"))).Canvas);
        Assert.Equal(2, two.Tasks.Count);
    }

    [Fact]
    public void A_chord_of_chords_takes_linear_space_where_bodies_are_kept()
    {
        var signature = Enumerable.Range(0, 10).Aggregate(Group.Of(s_task, s_task) | s_task, (inner, _) => Group.Of(Enumerable.Repeat(s_task, 100).Append(inner)) | s_task);
        var plan = Plan(signature, keepsBodies: true);
        Assert.Equal(1002, plan.Tasks.Count);
        Assert.Equal(11, plan.Chords.Count);
        Assert.True(plan.Tasks.Sum(task => task.ChordBytes.Length) < 1002 * 1100);
        var flat = Enumerable.Range(0, 5).Aggregate(s_task, (before, _) => before | (Group.Of(Enumerable.Repeat(s_task, 100)) | s_task));
        var first = Assert.Single(Plan(flat, keepsBodies: true).Tasks);
        Assert.True(first.ChainBytes.Length < 150_000);
    }

    [Fact]
    public void A_member_of_a_chord_that_ends_in_a_group_ends_in_the_list_of_its_results()
    {
        var frozen = new Freezing(place => place).Freeze(Group.Of(s_task | Group.Of(s_task, s_task), s_task) | new Signature("b"));
        var plan = new Planning(keepsBodies: false);
        plan.Add(frozen);
        Assert.Equal(["celery.accumulate", "a"], Assert.Single(plan.Chords).Members.Select(member => member.Task));
    }

    [Fact]
    public void What_is_said_of_a_chain_goes_where_Celery_lets_it_go()
    {
        var chain = (s_task | new Signature("b")).Link(new Signature("l")).LinkError(new Signature("e")).Set(options => options with { Queue = "q", TaskId = "whole" });
        var tasks = CanvasTree.TasksOf(new Freezing(place => place).Freeze(chain)).ToList();
        Assert.Equal([0, 1], tasks.Select(task => task.Links.Count));
        Assert.Equal([1, 1], tasks.Select(task => task.LinkErrors.Count));
        Assert.Equal(["q", "q"], tasks.Select(task => task.Options.Queue));
        Assert.Equal(["/0", "whole"], tasks.Select(task => task.Options.TaskId));
    }

    [Fact]
    public void What_is_called_after_a_task_goes_where_its_sender_would_send_it()
    {
        var routed = new Freezing(place => place) { Fix = task => task.Options with { Queue = $"of {task.Task}" } };
        var frozen = routed.Freeze(s_task.Link(new Signature("l").Link(new Signature("m"))).LinkError(Group.Of(new Signature("e"))));
        Assert.Equal(("of l", "of m"), (frozen.Links[0].Options.Queue, frozen.Links[0].Links[0].Options.Queue));
        Assert.Equal("of e", CanvasTree.TasksOf(frozen.LinkErrors[0]).Single().Options.Queue);
    }

    [Fact]
    public void The_id_of_a_chain_stays_that_of_its_last_task_wherever_it_comes_to_stand()
    {
        var inner = (s_task | new Signature("b")).Set(options => options with { TaskId = "inner" });
        Assert.Equal(["/0", "inner", "/2"], CanvasTree.TasksOf(new Freezing(place => place).Freeze(inner | new Signature("c"))).Select(task => task.Options.TaskId));
    }

    [Fact]
    public void Ids_that_follow_from_a_task_are_the_same_each_time_and_differ_by_place()
    {
        Assert.Equal(DerivedId.Of("t", "link/0"), DerivedId.Of("t", "link/0"));
        Assert.Equal(4, new HashSet<string> { DerivedId.Of("t", "link/0"), DerivedId.Of("t", "link/1"), DerivedId.Of("u", "link/0"), DerivedId.Of("t", "chain/1") }.Count);
        Assert.Equal(8, Guid.Parse(DerivedId.Of("t", "link/0")).Version);
    }

    [Fact]
    public void A_thousand_tasks_in_a_chain_take_linear_space()
    {
        var chain = Enumerable.Range(1, 999).Aggregate(s_task, (before, _) => before | s_task);
        var sent = Assert.Single(Plan(chain, keepsBodies: false).Tasks);
        Assert.InRange(sent.ChainBytes.Length, 90_000, 150_000);
    }

    [Fact]
    public void Partial_signatures_are_piped_and_stay_open_at_their_front()
    {
        Partial<int, int> open = ConformanceTasks.AddTask.Partial() | WorkflowTasks.TimesTask.Partial(2) | ConformanceTasks.AddTask.S(5, 6);
        Signature<int> whole = ConformanceTasks.AddTask.S(1) | open;
        Assert.Equal(["conformance.add", "conformance.add", "conformance.times", "conformance.add"], Names(whole));
        Assert.Equal([false, false, false, true], CanvasTree.TasksOf(whole).Select(task => task.Immutable));
    }

    [Fact]
    public void A_partial_signature_becomes_complete_with_its_argument()
    {
        var signature = WorkflowTasks.TimesTask.Partial(4).With(3);
        Assert.Equal("[3,4]", System.Text.Encoding.UTF8.GetString(signature.Args.Span));
    }

    private static Planning Plan(Signature signature, bool keepsBodies)
    {
        var plan = new Planning(keepsBodies);
        plan.Add(new Freezing(place => place).Freeze(signature));
        return plan;
    }

    private static IEnumerable<string> Names(Signature signature) => CanvasTree.TasksOf(signature).Select(task => task.Task);
}
