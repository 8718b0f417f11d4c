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
    public void An_empty_group_in_a_chain_is_dropped() => Assert.Equal(["a", "b"], Names(s_task | Group.Of() | new Signature("b")));

    [Fact]
    public void A_group_that_something_follows_is_refused_in_one_sentence()
    {
        var error = Assert.Throws<NotSupportedException>(() => Group.Of(s_task, s_task) | new Signature("b"));
        Assert.Equal("A group that is followed by a task is a chord, and this version of Celeriac cannot run chords yet: send the group, await its results, and then send the task with them.", error.Message);
    }

    [Fact]
    public void What_is_said_of_a_chain_goes_where_Celery_lets_it_go()
    {
        var chain = (s_task | new Signature("b")).Link(new Signature("l")).LinkError(new Signature("e")).Set(options => options with { Queue = "q", TaskId = "whole" });
        var tasks = Freezing.TasksOf(new Freezing(place => place).Freeze(chain)).ToList();
        Assert.Equal([0, 1], tasks.Select(task => task.Links.Count));
        Assert.Equal([1, 1], tasks.Select(task => task.LinkErrors.Count));
        Assert.Equal(["q", "q"], tasks.Select(task => task.Options.Queue));
        Assert.Equal(["/0", "whole"], tasks.Select(task => task.Options.TaskId));
    }

    [Fact]
    public void The_id_of_a_chain_stays_that_of_its_last_task_wherever_it_comes_to_stand()
    {
        var inner = (s_task | new Signature("b")).Set(options => options with { TaskId = "inner" });
        Assert.Equal(["/0", "inner", "/2"], Freezing.TasksOf(new Freezing(place => place).Freeze(inner | new Signature("c"))).Select(task => task.Options.TaskId));
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
        var sent = Assert.Single(Planning.Now(new Freezing(place => place).Freeze(chain)));
        Assert.InRange(sent.ChainBytes.Length, 90_000, 150_000);
    }

    [Fact]
    public void Partial_signatures_are_piped_and_stay_open_at_their_front()
    {
        Partial<int, int> open = ConformanceTasks.AddTask.Partial() | WorkflowTasks.TimesTask.Partial(2) | ConformanceTasks.AddTask.S(5, 6);
        Signature<int> whole = ConformanceTasks.AddTask.S(1) | open;
        Assert.Equal(["conformance.add", "conformance.add", "conformance.times", "conformance.add"], Names(whole));
        Assert.Equal([false, false, false, true], Freezing.TasksOf(whole).Select(task => task.Immutable));
    }

    [Fact]
    public void A_partial_signature_becomes_complete_with_its_argument()
    {
        var signature = WorkflowTasks.TimesTask.Partial(4).With(3);
        Assert.Equal("[3,4]", System.Text.Encoding.UTF8.GetString(signature.Args.Span));
    }

    private static IEnumerable<string> Names(Signature signature) => Freezing.TasksOf(signature).Select(task => task.Task);
}
