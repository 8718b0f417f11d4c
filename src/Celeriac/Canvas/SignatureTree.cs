using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Canvas;

/// <summary>A workflow as it is written, made ready to be drawn.</summary>
internal sealed class SignatureTree(TreeBounds bounds)
{
    private const int LongestArguments = 60;

    public TreeNode Draw(Signature signature) => signature.Canvas switch
    {
        CanvasNode.Chain chain => With(new TreeNode(TreeKind.Chain, "chain"), signature, Parts(chain.Tasks)),
        CanvasNode.Group group => With(TreeNode.GroupOf(group.Tasks.Count), signature, Parts(group.Tasks)),
        CanvasNode.Chord chord => With(new TreeNode(TreeKind.Chord, "chord"), signature, [Draw(chord.Header), Draw(chord.Body) with { Relation = "then" }]),
        _ => Task(signature),
    };

    private TreeNode Task(Signature signature)
    {
        bounds.Spend();
        return With(new TreeNode(TreeKind.Task, $"{signature.Task}{Arguments(signature)}"), signature, []);
    }

    private TreeNode With(TreeNode node, Signature signature, List<TreeNode> parts) => node with
    {
        Parts = parts,
        Followers =
        [
            .. Parts(signature.Links).Select(link => link with { Relation = "on success" }),
            .. Parts(signature.LinkErrors).Select(link => link with { Relation = "on error" }),
        ],
    };

    private List<TreeNode> Parts(IReadOnlyList<Signature> tasks) => [.. bounds.Places(tasks.Count).Select(place => place.More > 0 ? TreeNode.More(place.More) : Draw(tasks[place.Index]))];

    /// <summary>As Python writes them, or as the sender wants monitors to show them; cut.</summary>
    private static string Arguments(Signature signature)
    {
        try
        {
            var args = signature.Options.ArgsRepr ?? PythonRepr.OfArgs(signature.Args.Span);
            var kwargs = signature.Options.KwargsRepr ?? PythonRepr.OfKwargs(signature.Kwargs.Span);
            var text = args.EndsWith(",)", StringComparison.Ordinal) ? $"{args[..^2]})" : args;
            text = kwargs == "{}" ? text : $"{text} {kwargs}";
            return text.Length <= LongestArguments ? text : $"{text[..(LongestArguments - 1)]}…";
        }
        catch (JsonException)
        {
            return "(?)";
        }
    }
}
