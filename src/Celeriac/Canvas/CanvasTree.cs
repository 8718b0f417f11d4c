using System.Text;
using Celeriac.Protocol;

namespace Celeriac.Canvas;

/// <summary>Questions about workflows, and the few changes that travelling needs.</summary>
internal static class CanvasTree
{
    /// <summary>The option that holds the body of the chord whose member a task is.</summary>
    public const string ChordOption = "chord";

    /// <summary>The option that holds the rest of the chain that a workflow stands in, as a message carries it.</summary>
    public const string ChainOption = "chain";

    private static readonly ReadOnlyMemory<byte> s_accumulated = Encoding.UTF8.GetBytes("""{"index":0}""");

    /// <summary>The plain tasks of a workflow, in their order.</summary>
    public static IEnumerable<Signature> TasksOf(Signature signature) => signature.Canvas switch
    {
        CanvasNode.Chain chain => chain.Tasks.SelectMany(TasksOf),
        CanvasNode.Group group => group.Tasks.SelectMany(TasksOf),
        CanvasNode.Chord chord => TasksOf(chord.Header).Concat(TasksOf(chord.Body)),
        _ => [signature],
    };

    /// <summary>The tasks that run first.</summary>
    public static IEnumerable<Signature> FirstsOf(Signature signature) => signature.Canvas switch
    {
        CanvasNode.Chain { Tasks.Count: 0 } => [],
        CanvasNode.Chain chain => FirstsOf(chain.Tasks[0]),
        CanvasNode.Group group => group.Tasks.SelectMany(FirstsOf),
        // What befalls the header is told to the body.
        CanvasNode.Chord chord => FirstsOf(chord.Body),
        _ => [signature],
    };

    /// <summary>The tasks whose ends are the workflow's end.</summary>
    public static IEnumerable<Signature> EndsOf(Signature signature) => signature.Canvas switch
    {
        CanvasNode.Chain { Tasks.Count: 0 } => [],
        CanvasNode.Chain chain => EndsOf(chain.Tasks[^1]),
        CanvasNode.Group group => group.Tasks.SelectMany(EndsOf),
        CanvasNode.Chord chord => EndsOf(chord.Body),
        _ => [signature],
    };

    /// <summary>True where a chord is anywhere in it, its callbacks and errbacks included.</summary>
    public static bool HasChord(Signature signature) => signature.Links.Any(HasChord) || signature.LinkErrors.Any(HasChord) || signature.Canvas switch
    {
        CanvasNode.Chain chain => chain.Tasks.Any(HasChord),
        CanvasNode.Group group => group.Tasks.Any(HasChord),
        CanvasNode.Chord => true,
        _ => false,
    };

    /// <summary>The same with one task at its end: what ends in a group ends in the list of its results.</summary>
    public static Signature EndingInOne(Signature signature) => signature.Canvas switch
    {
        CanvasNode.Chain { Tasks.Count: > 0 } chain => signature with { Canvas = chain with { Tasks = [.. chain.Tasks.SkipLast(1), EndingInOne(chain.Tasks[^1])] } },
        CanvasNode.Chord chord => signature with { Canvas = chord with { Body = EndingInOne(chord.Body) } },
        CanvasNode.Group group => new Signature("celery.chord") { Canvas = new CanvasNode.Chord(Alone(signature, group), Accumulate(signature)) },
        null when signature.SubtaskType == Mapping.ChunksType => EndingInOne(ChunkedCalls.Open(signature)),
        _ => signature,
    };

    /// <summary>The same as a member of a chord.</summary>
    public static Signature WithChord(Signature signature, string groupId, ReadOnlyMemory<byte> body) =>
        AtEnd(signature, last => last with { Options = With(last.Options, ChordOption, body) with { GroupId = groupId } });

    /// <summary>The same with a change of each task.</summary>
    public static Signature Each(Signature signature, Func<Signature, Signature> change) => signature.Canvas switch
    {
        CanvasNode.Chain chain => signature with { Canvas = chain with { Tasks = [.. chain.Tasks.Select(task => Each(task, change))] } },
        CanvasNode.Group group => signature with { Canvas = group with { Tasks = [.. group.Tasks.Select(task => Each(task, change))] } },
        CanvasNode.Chord chord => signature with { Canvas = chord with { Header = Each(chord.Header, change), Body = Each(chord.Body, change) } },
        _ => change(signature),
    };

    /// <summary>The same with a change at its end.</summary>
    public static Signature AtEnd(Signature signature, Func<Signature, Signature> change) => signature.Canvas switch
    {
        CanvasNode.Chain { Tasks.Count: > 0 } chain => signature with { Canvas = chain with { Tasks = [.. chain.Tasks.SkipLast(1), AtEnd(chain.Tasks[^1], change)] } },
        CanvasNode.Chord chord => signature with { Canvas = chord with { Body = AtEnd(chord.Body, change) } },
        CanvasNode.Group group => signature with { Canvas = group with { Tasks = [.. group.Tasks.Select(task => AtEnd(task, change))] } },
        _ => change(signature),
    };

    /// <summary>The options with one more that is none of ours, in place of its like.</summary>
    public static SendOptions With(SendOptions options, string name, ReadOnlyMemory<byte> json) =>
        json.IsEmpty ? options : options with { Wire = [.. options.Wire.Where(option => option.Key != name), new(name, json)] };

    /// <summary>The options without some that came on the wire.</summary>
    public static SendOptions Without(SendOptions options, params string[] names) =>
        options.Wire.Any(option => names.Contains(option.Key)) ? options with { Wire = [.. options.Wire.Where(option => !names.Contains(option.Key))] } : options;

    /// <summary>The body of the chord that a task is a member of, as JSON; empty where it is none.</summary>
    public static ReadOnlyMemory<byte> ChordOf(Signature signature) => SignatureOptions.Unknown(signature.Options, ChordOption);

    /// <summary>A group and its members without the place that others have given them.</summary>
    private static Signature Alone(Signature signature, CanvasNode.Group group) => Placeless(signature) with { Canvas = group with { Tasks = [.. group.Tasks.Select(Placeless)] } };

    private static Signature Placeless(Signature signature) =>
        signature with { Options = Without(signature.Options, ChordOption, "group_id", "group_index") with { GroupId = null, GroupIndex = null } };

    // Where the members run there is a worker that knows Celery's own tasks.
    private static Signature Accumulate(Signature group)
    {
        var queue = FirstsOf(group).Select(task => task.Options.Queue ?? task.Declared?.Queue).FirstOrDefault();
        return new Signature("celery.accumulate") { Kwargs = s_accumulated, Options = SendOptions.None with { Queue = queue, GroupId = group.Options.GroupId, GroupIndex = group.Options.GroupIndex } };
    }
}
