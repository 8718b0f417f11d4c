using System.Text;
using System.Text.Json;
using Celeriac.Canvas;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Canvas;

/// <summary>Stamps on workflows (CELERY-PROTOCOL section 11).</summary>
public sealed class StampingTests
{
    private static readonly Signature s_task = new("a");

    [Fact]
    public void A_stamp_comes_to_every_task_of_a_workflow_with_its_callbacks_and_errbacks_and_not_to_the_workflow_itself()
    {
        var workflow = (s_task | Group.Of(new Signature("b"), new Signature("c") | new Signature("d")) | new Signature("body")).Link(new Signature("link")).LinkError(new Signature("error"));
        var stamped = workflow.Stamp("customer", "acme");

        Assert.All(All(stamped), task => Assert.Equal("acme", task.Options.Stamps?.TextOf("customer")));
        Assert.Equal(8, All(stamped).Count());
        Assert.Null(stamped.Options.Stamps);
        Assert.Equal(All(workflow).Select(task => task.Task), All(stamped).Select(task => task.Task));
    }

    [Theory]
    [InlineData("stamped")]
    [InlineData("stamped chain")]
    public void Stamps_are_written_as_Python_writes_them(string title)
    {
        var golden = GoldenMessages.Find("5.6", title).Message;
        var stamps = golden.Headers["stamps"].AsMap();
        var first = new Signature("proj.add").WithArgs(1, 2);
        var plan = new Planning(keepsBodies: false);
        plan.Add(new Freezing(place => place) { ReplyTo = "reply" }.Freeze((title == "stamped" ? first : first | new Signature("proj.mul").WithArgs(3)).Stamp(stamps)));
        var message = TaskMessageCodec.Encode(Assert.Single(plan.Tasks), new EncodeContext("first", "first", null, "me", null, null, "reply"));

        Assert.Equal(golden.Headers["stamped_headers"], message.Headers["stamped_headers"]);
        Assert.Equal(golden.Headers["stamps"], message.Headers["stamps"]);
        Assert.Equal(NextOptions(golden.Body), NextOptions(message.Body));
    }

    [Fact]
    public void A_visitor_is_led_from_the_outside_to_the_inside_and_the_inner_stamp_wins()
    {
        var visitor = new Recorder();
        var chord = Group.Of(new Signature("b"), new Signature("c").Link(new Signature("l"))) | new Signature("body").OnError(new Signature("e"));
        var stamped = (s_task | chord).Stamp(visitor);

        Assert.Equal(
            ["chain celery.chain", "task a", "header celery.chord", "task b", "callback l", "task l", "task c", "end of header celery.chord", "body celery.chord", "errback e", "task e", "task body", "end of chain celery.chain"],
            visitor.Seen);
        var stamps = All(stamped).ToDictionary(task => task.Task, task => string.Join(" ", task.Options.Stamps!.Select(stamp => $"{stamp.Key}={stamp.Value.AsText()}")));
        Assert.Equal("level=a around=1", stamps["a"]);
        Assert.Equal("level=b around=1 in_header=1", stamps["b"]);
        Assert.Equal("level=l around=1 in_header=1 callback=1", stamps["l"]);
        Assert.Equal("level=body around=1 in_header=1 in_body=1", stamps["body"]);
        Assert.Equal("level=e around=1 in_header=1 in_body=1 errback=1", stamps["e"]);
    }

    [Fact]
    public void A_visitor_that_knows_groups_only_is_led_through_a_chords_header_as_through_a_group()
    {
        var visitor = new GroupsOnly();
        var stamped = (Group.Of(s_task) | new Signature("body")).Stamp(visitor);
        var alone = Group.Of(s_task).Stamp(visitor);

        Assert.Equal(["start 1", "end 1", "start 1", "end 1"], visitor.Seen);
        Assert.All(All(stamped).Concat(All(alone)), task => Assert.Equal("yes", task.Options.Stamps?.TextOf("group")));
    }

    [Fact]
    public void A_later_stamp_takes_the_place_of_an_earlier_one_or_stands_beside_it()
    {
        var first = s_task.Stamp("tag", "a");
        Assert.Equal("b", first.Stamp("tag", "b").Options.Stamps!.TextOf("tag"));
        var both = first.Stamp("tag", "b", append: true).Stamp("tag", "a", append: true);
        Assert.Equal(HeaderValue.From(["a", "b"]), both.Options.Stamps!["tag"]);
    }

    [Theory]
    [InlineData("queue")]
    [InlineData("link")]
    [InlineData("stamped_headers")]
    public void A_stamp_that_is_called_like_an_option_is_refused_in_words(string name)
    {
        Assert.StartsWith($"A stamp cannot be called '{name}': ", Assert.Throws<ArgumentException>(() => s_task.Stamp(name, "x")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => s_task.Stamp(new Naming(name)));
    }

    [Fact]
    public void Types_stay_what_they_are()
    {
        Signature<int> signature = ConformanceTasks.AddTask.S(1, 2).Stamp("k", 1);
        Group<int> group = Group.Of(signature).Stamp(new GroupsOnly());
        Partial<int, int> partial = WorkflowTasks.TimesTask.Partial(2).Stamp("k", 2).Stamp(new GroupsOnly());
        Assert.Equal((1, 1, 2), (signature.Options.Stamps!["k"].AsLong(), All(group).Single().Options.Stamps!["k"].AsLong(), partial.Untyped.Options.Stamps!["k"].AsLong()));
    }

    /// <summary>Every plain task, those that are called after others included.</summary>
    private static IEnumerable<Signature> All(Signature signature) =>
        CanvasTree.TasksOf(signature).SelectMany(task => task.Links.Concat(task.LinkErrors).SelectMany(All).Prepend(task));

    /// <summary>The stamps in the options of the next task of the chain.</summary>
    private static string NextOptions(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var chain = document.RootElement[2].GetProperty("chain");
        return chain.ValueKind == JsonValueKind.Null ? "none"
            : string.Join(" ", chain[0].GetProperty("options").EnumerateObject().Where(option => option.Name is not "task_id" and not "reply_to").Select(option => $"{option.Name}:{option.Value.GetRawText()}"));
    }

    private static MessageHeaders One(string name, string value) => MessageHeaders.Empty.With(name, value);

    private sealed class Recorder : StampingVisitor
    {
        public List<string> Seen { get; } = [];

        public override MessageHeaders? OnSignature(Signature signature, MessageHeaders stamps) => Note($"task {signature.Task}", One("level", signature.Task));

        public override MessageHeaders? OnChainStart(Signature chain, MessageHeaders stamps) => Note($"chain {chain.Task}", One("level", "chain").With("around", "1"));

        public override void OnChainEnd(Signature chain, MessageHeaders stamps) => Seen.Add($"end of chain {chain.Task}");

        public override MessageHeaders? OnChordHeaderStart(Signature chord, MessageHeaders stamps) => Note($"header {chord.Task}", One("level", "header").With("in_header", "1"));

        public override void OnChordHeaderEnd(Signature chord, MessageHeaders stamps) => Seen.Add($"end of header {chord.Task}");

        public override MessageHeaders? OnChordBody(Signature chord, MessageHeaders stamps) => Note($"body {chord.Task}", One("in_body", "1"));

        public override MessageHeaders? OnCallback(Signature callback, MessageHeaders stamps) => Note($"callback {callback.Task}", One("callback", "1"));

        public override MessageHeaders? OnErrback(Signature errback, MessageHeaders stamps) => Note($"errback {errback.Task}", One("errback", "1"));

        private MessageHeaders Note(string text, MessageHeaders stamps)
        {
            Seen.Add(text);
            return stamps;
        }
    }

    private sealed class GroupsOnly : StampingVisitor
    {
        public List<string> Seen { get; } = [];

        public override MessageHeaders? OnSignature(Signature signature, MessageHeaders stamps) => null;

        public override MessageHeaders? OnGroupStart(Signature group, MessageHeaders stamps)
        {
            Seen.Add($"start {CanvasTree.TasksOf(group).Count()}");
            return One("group", "yes");
        }

        public override void OnGroupEnd(Signature group, MessageHeaders stamps) => Seen.Add($"end {CanvasTree.TasksOf(group).Count()}");
    }

    private sealed class Naming(string name) : StampingVisitor
    {
        public override MessageHeaders? OnSignature(Signature signature, MessageHeaders stamps) => One(name, "x");
    }
}
