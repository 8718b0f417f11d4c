using System.Globalization;
using System.Text;

namespace Celeriac.Canvas;

/// <summary>A drawn workflow in Graphviz's DOT: the tasks, and arrows in the order of their runs.</summary>
internal sealed class TreeDot
{
    // More arrows than these between two sets of tasks go through a point.
    private const int MostArrows = 64;
    private readonly StringBuilder _text = new();
    private int _count;

    public static string Write(TreeNode root)
    {
        var dot = new TreeDot();
        dot._text.Append("digraph workflow {\n    rankdir=LR;\n    node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n");
        dot.Draw(root);
        return dot._text.Append("}\n").ToString();
    }

    /// <summary>A text between quotation marks, in which DOT reads nothing but the text.</summary>
    public static string Quote(string text) => $"\"{TreeText.Safe(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>Answers the tasks that run first and those whose ends are its end.</summary>
    private (List<string> Firsts, List<string> Ends) Draw(TreeNode node)
    {
        var drawn = node.Kind switch
        {
            TreeKind.Chain or TreeKind.Chord => DrawInTurn(node.Parts),
            TreeKind.Group => DrawAtOnce(node.Parts),
            _ => DrawOne(node),
        };
        foreach (var follower in node.Followers)
        {
            Connect(drawn.Ends, Draw(follower).Firsts, follower.Relation);
        }
        return drawn;
    }

    private (List<string> Firsts, List<string> Ends) DrawOne(TreeNode node)
    {
        var name = Name();
        var label = node.State is { } state ? $"{Quote(node.Label)[..^1]}\\n{Quote(state)[1..]}" : Quote(node.Label);
        _text.Append(CultureInfo.InvariantCulture, $"    {name} [label={label}{Look(node)}];\n");
        return ([name], [name]);
    }

    private (List<string> Firsts, List<string> Ends) DrawInTurn(IReadOnlyList<TreeNode> parts)
    {
        List<string> firsts = [], ends = [];
        foreach (var part in parts.Select(Draw).Where(part => part.Firsts.Count > 0))
        {
            Connect(ends, part.Firsts, "");
            firsts = firsts.Count == 0 ? part.Firsts : firsts;
            ends = part.Ends;
        }
        return (firsts, ends);
    }

    private (List<string> Firsts, List<string> Ends) DrawAtOnce(IReadOnlyList<TreeNode> parts)
    {
        var drawn = parts.Select(Draw).ToList();
        return ([.. drawn.SelectMany(part => part.Firsts)], [.. drawn.SelectMany(part => part.Ends)]);
    }

    private void Connect(List<string> from, List<string> to, string relation)
    {
        if (from.Count * to.Count > MostArrows)
        {
            var point = Name();
            _text.Append(CultureInfo.InvariantCulture, $"    {point} [shape=point];\n");
            Connect(from, [point], relation);
            Connect([point], to, relation);
            return;
        }
        var look = relation switch
        {
            "on success" => " [style=dashed, label=\"on success\"]",
            "on error" => " [style=dashed, color=red, label=\"on error\"]",
            _ => "",
        };
        foreach (var start in from)
        {
            foreach (var end in to)
            {
                _text.Append(CultureInfo.InvariantCulture, $"    {start} -> {end}{look};\n");
            }
        }
    }

    private string Name() => string.Create(CultureInfo.InvariantCulture, $"n{_count++}");

    private static string Look(TreeNode node) => node switch
    {
        { Kind: TreeKind.More } => ", style=dashed",
        { State: TaskStates.Success } => ", fillcolor=palegreen",
        { State: TaskStates.Failure } => ", fillcolor=salmon",
        { State: TaskStates.Revoked } => ", fillcolor=lightgray",
        { State: null or TaskStates.Pending } => "",
        _ => ", fillcolor=lightskyblue",
    };
}
