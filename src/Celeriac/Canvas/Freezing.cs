using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Canvas;

/// <summary>Gives every task of a workflow what it needs to travel: its id, where its result goes, its place in its group. What it has already stays.</summary>
internal sealed class Freezing(Func<string, string> idOf)
{
    /// <summary>Where results go.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>Where a task goes, in its options; null leaves that to who sends it on.</summary>
    public Func<Signature, SendOptions>? Fix { get; init; }

    /// <summary>Stamps that all tasks carry beside their own.</summary>
    public MessageHeaders? Stamps { get; init; }

    public Signature Freeze(Signature signature, string place = "") => FreezeOpened(ChunkedCalls.Open(signature), place);

    private Signature FreezeOpened(Signature signature, string place) => signature.Canvas switch
    {
        null => FreezeTask(signature, place),
        CanvasNode.Chain chain => FreezeChain(signature, chain, place),
        CanvasNode.Group group => FreezeGroup(signature, group, place, isHeader: false),
        CanvasNode.Chord chord => FreezeChord(signature, chord, place),
        _ => throw new InvalidOperationException($"A workflow cannot be a {signature.Canvas.GetType().Name}."),
    };

    private Signature FreezeTask(Signature signature, string place)
    {
        var options = Fix?.Invoke(signature) ?? signature.Options;
        // The worker that sends it on may not know its declaration.
        return signature with
        {
            Options = options with
            {
                TaskId = options.TaskId ?? idOf(place),
                ReplyTo = options.ReplyTo ?? ReplyTo,
                IgnoreResult = options.IgnoreResult ?? (signature.Declared is { IgnoreResult: true } ? true : null),
                Stamps = Merge(options.Stamps),
            },
            Links = FixLinks(signature.Links),
            LinkErrors = FixLinks(signature.LinkErrors),
        };
    }

    /// <summary>Links get their ids where they are sent, and where they go here: who sends them may know neither declarations nor routes.</summary>
    private IReadOnlyList<Signature> FixLinks(IReadOnlyList<Signature> links) => Fix is null || links.Count == 0 ? links
        : [.. links.Select(link => CanvasTree.Each(link, task => task with { Options = Fix(task), Links = FixLinks(task.Links), LinkErrors = FixLinks(task.LinkErrors) }))];

    private Signature FreezeChain(Signature signature, CanvasNode.Chain chain, string place)
    {
        List<Signature> tasks = Workflow.Canonical(chain.Tasks.SelectMany(task => task.Canvas is CanvasNode.Chain inner ? WithWhole(task, inner) : [ChunkedCalls.Open(task)]));
        if (tasks.Count > 0)
        {
            tasks = WithWhole(signature, chain with { Tasks = tasks });
        }
        tasks = [.. tasks.Select((task, index) => Freeze(task, $"{place}/{index}"))];
        return signature with
        {
            Canvas = chain with { Tasks = tasks },
            Links = [],
            LinkErrors = [],
            Options = WithoutPlace(signature.Options) with { TaskId = tasks.LastOrDefault()?.Options.TaskId },
        };
    }

    /// <summary>What is said of a chain concerns its last task, but for its errbacks, which concern each.</summary>
    private static List<Signature> WithWhole(Signature whole, CanvasNode.Chain chain)
    {
        List<Signature> tasks = [.. chain.Tasks.Select(task => whole.LinkErrors.Aggregate(task, Workflow.LinkError))];
        if (tasks.Count > 0)
        {
            tasks[^1] = AsEndOf(whole, tasks[^1]);
        }
        return tasks;
    }

    /// <summary>What is said of a chain or chord, said of the one whose end is its end.</summary>
    private static Signature AsEndOf(Signature whole, Signature last)
    {
        last = whole.Links.Aggregate(last, Workflow.Link);
        var options = last.Options with
        {
            TaskId = last.Options.TaskId ?? whole.Options.TaskId,
            GroupId = last.Options.GroupId ?? whole.Options.GroupId,
            GroupIndex = last.Options.GroupIndex ?? whole.Options.GroupIndex,
        };
        return last with { Options = CanvasTree.ChordOf(last).IsEmpty ? CanvasTree.With(options, CanvasTree.ChordOption, CanvasTree.ChordOf(whole)) : options };
    }

    private Signature FreezeChord(Signature signature, CanvasNode.Chord chord, string place)
    {
        var header = chord.Header.Canvas is CanvasNode.Group group
            ? chord.Header with { Canvas = group with { Tasks = [.. Flat(group).Select(CanvasTree.EndingInOne)] } }
            : new Signature("celery.group") { Canvas = new CanvasNode.Group([CanvasTree.EndingInOne(chord.Header)]) };
        var body = Freeze(signature.LinkErrors.Aggregate(AsEndOf(signature, chord.Body), Workflow.LinkError), $"{place}/body");
        return signature with
        {
            Canvas = chord with { Header = FreezeGroup(header, (CanvasNode.Group)header.Canvas!, place, isHeader: true), Body = body, IsHeaderBare = false },
            Links = [],
            LinkErrors = [],
            Options = WithoutPlace(signature.Options) with { TaskId = body.Options.TaskId },
        };
    }

    private Signature FreezeGroup(Signature signature, CanvasNode.Group group, string place, bool isHeader)
    {
        var id = signature.Options.TaskId ?? idOf($"{place}/group");
        var members = Flat(group).Select((task, index) =>
        {
            var placed = signature.LinkErrors.Aggregate(task, Workflow.LinkError);
            // A Python worker gives a header a new id when it sends a chord on, and members that name another would be counted under that.
            var own = isHeader ? CanvasTree.Without(placed.Options, "group_id") : placed.Options;
            placed = placed with { Options = own with { GroupId = isHeader ? null : placed.Options.GroupId ?? id, GroupIndex = placed.Options.GroupIndex ?? index } };
            return Freeze(placed, $"{place}/{index}");
        });
        return signature with { Canvas = group with { Tasks = [.. members] }, LinkErrors = [], Options = signature.Options with { TaskId = id } };
    }

    /// <summary>A chain or chord is a member of its group by what ends last in it.</summary>
    private static SendOptions WithoutPlace(SendOptions options) => CanvasTree.Without(options, CanvasTree.ChordOption, "group_id", "group_index") with { GroupId = null, GroupIndex = null };

    private static IEnumerable<Signature> Flat(CanvasNode.Group group) => group.Tasks.Select(ChunkedCalls.Open).SelectMany(task => task.Canvas is CanvasNode.Group inner ? Flat(inner) : [task]);

    private MessageHeaders? Merge(MessageHeaders? own) => Stamps is null or { Count: 0 } ? own
        : own is null ? Stamps
        : new MessageHeaders(Stamps.Where(stamp => !own.Contains(stamp.Key)).Concat(own));
}
