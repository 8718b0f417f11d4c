using System.Text.RegularExpressions;
using Celeriac.Canvas;
using Celeriac.Conformance;

namespace Celeriac.Tests.Canvas;

/// <summary>Workflows printed and drawn.</summary>
public sealed partial class TreeTests : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly MemoryTaskConformance.Place _place = new();

    private static Signature Drawn => new Signature("start").WithArgs("x")
        | Group.Of(new Signature("a").Link(new Signature("l")), new Signature("b") | new Signature("c"))
        | new Signature("body").OnError(new Signature("e"));

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public void A_workflow_is_a_tree_of_lines() => Assert.Equal(
        """
        chain
        ├─ start('x')
        └─ chord
           ├─ group of 2
           │  ├─ a()
           │  │  └─ on success: l()
           │  └─ chain
           │     ├─ b()
           │     └─ c()
           └─ then: body()
              └─ on error: e()

        """,
        WorkflowTree.Of(Drawn).ToString());

    [Fact]
    public void A_workflow_is_drawn_in_the_order_of_its_runs() =>
        Assert.Equal(new[] { "start('x') -> a()", "a() -> body()", "a() -> l() on success", "b() -> c()", "body() -> e() on error", "c() -> body()", "start('x') -> b()" }.Order(), Arrows(WorkflowTree.Of(Drawn).ToDot()).Order());

    [Fact]
    public void Ten_thousand_members_are_drawn_as_a_few_and_a_number()
    {
        var chord = Group.Of(Enumerable.Range(0, 10_000).Select(number => new Signature("m").WithArgs(number))) | new Signature("body");
        var tree = WorkflowTree.Of(chord);
        Assert.Contains("group of 10,000", tree.ToString(), StringComparison.Ordinal);
        Assert.Contains("├─ … 9,981 more\n   └─ m(9999)".ReplaceLineEndings("\n"), tree.ToString().Replace("│  ", "   ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(23, tree.ToString().Count(letter => letter == '\n'));
        Assert.Equal(20, Arrows(tree.ToDot()).Count());
        var chain = Enumerable.Range(1, 999).Aggregate(new Signature("s"), (before, number) => before | new Signature("s").WithArgs(number));
        Assert.Equal(21, WorkflowTree.Of(chain).ToString().Count(letter => letter == '\n'));
    }

    [Fact]
    public void A_workflow_that_nests_deeply_is_drawn_to_a_thousand_tasks()
    {
        var nested = Enumerable.Range(0, 10).Aggregate(new Signature("t"), (inner, _) => Group.Of(Enumerable.Repeat(inner, 10)) | new Signature("t"));
        Assert.InRange(WorkflowTree.Of(nested).ToString().Count(letter => letter == '\n'), 1000, 2500);
        var arrows = Arrows(WorkflowTree.Of(Group.Of(Enumerable.Repeat(new Signature("a"), 20)) | Group.Of(Enumerable.Repeat(new Signature("b"), 20))).ToDot()).Count();
        Assert.Equal(40, arrows);
    }

    [Theory]
    [InlineData("a\"b\\N\nc", "\"a\\\"b\\\\N·c\"")]
    [InlineData("\u001b[31m<b>", "\"·[31m<b>\"")]
    public void What_anybody_may_have_named_is_text_in_DOT_and_in_the_terminal(string name, string quoted)
    {
        Assert.Equal(quoted, TreeDot.Quote(name));
        Assert.DoesNotContain(WorkflowTree.Of(new Signature(name)).ToString(), letter => char.IsControl(letter) && letter != '\n');
        Assert.Single(WorkflowTree.Of(new Signature(name)).ToString(), letter => letter == '\n');
    }

    [Fact]
    public async Task A_result_shows_the_state_of_each_task_also_of_those_that_have_not_begun()
    {
        var workflow = ConformanceTasks.AddTask.S(1, 2) | Group.Of(WorkflowTasks.TimesTask.Partial(2), WorkflowTasks.EvenTask.Partial() | WorkflowTasks.TimesTask.Partial(3)) | new Signature("conformance.total").AsPartial<int[], long>();
        var sent = await _place.Client.SendAsync(workflow);
        var before = (await sent.ReadTreeAsync()).ToString();
        await _place.StartWorkerAsync();
        await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(s_patience));

        var members = sent.Parent!.Group!;
        var expected = $"""
            chain
            ├─ {members.Parent!.Id} SUCCESS
            ├─ group {members.Id} of 2
            │  ├─ {members.Members[0].Id} SUCCESS
            │  └─ chain
            │     ├─ {members.Members[1].Parent!.Id} FAILURE
            │     └─ {members.Members[1].Id} FAILURE
            └─ {sent.Id} FAILURE

            """;
        Assert.Equal(expected, (await sent.ReadTreeAsync()).ToString());
        Assert.Equal(Regex.Replace(expected, "SUCCESS|FAILURE", "PENDING"), before);
        Assert.Contains("fillcolor=salmon", (await sent.ReadTreeAsync()).ToDot(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_an_id_alone_a_result_shows_what_followed()
    {
        await _place.StartWorkerAsync();
        var sent = await _place.Client.SendAsync(ConformanceTasks.AddTask.S(1, 2) | WorkflowTasks.TimesTask.Partial(2) | WorkflowTasks.TimesTask.Partial(3));
        await sent.GetAsync(s_patience);
        var first = sent.Parent!.Parent!.Id;
        Assert.Equal($"chain\n├─ {first} SUCCESS\n├─ {sent.Parent.Id} SUCCESS\n└─ {sent.Id} SUCCESS\n", (await _place.Client.Result(first).ReadTreeAsync()).ToString());
    }

    /// <summary>The arrows by the labels of their ends; the text must be DOT of the simple kind that is written.</summary>
    private static IEnumerable<string> Arrows(string dot)
    {
        var lines = dot.TrimEnd('\n').Split('\n');
        Assert.All(lines[3..^1], line => Assert.Matches(LinePattern(), line));
        Assert.Equal("}", lines[^1]);
        var labels = lines.Select(line => LabelPattern().Match(line)).Where(label => label.Success).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value);
        return lines.Select(line => ArrowPattern().Match(line)).Where(arrow => arrow.Success)
            .Select(arrow => $"{labels.GetValueOrDefault(arrow.Groups[1].Value, "point")} -> {labels.GetValueOrDefault(arrow.Groups[2].Value, "point")} {arrow.Groups[3].Value}".TrimEnd());
    }

    [GeneratedRegex("""^    n\d+( -> n\d+)?( \[[a-z]+=("(\\.|[^"\\])*"|[a-z]+)(, [a-z]+=("(\\.|[^"\\])*"|[a-z]+))*\])?;$""")]
    private static partial Regex LinePattern();

    [GeneratedRegex("""^    (n\d+) \[label="(.*?)"[,\]]""")]
    private static partial Regex LabelPattern();

    [GeneratedRegex("""^    (n\d+) -> (n\d+)(?: \[.*label="(.*)"\])?;$""")]
    private static partial Regex ArrowPattern();
}
