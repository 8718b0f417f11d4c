using Celeriac.Canvas;

namespace Celeriac;

/// <summary>
/// A picture of a workflow: <see cref="ToString"/> for terminals, <see cref="ToDot"/> for Graphviz. Of a long group or chain the first members, the last, and how many lie between; of all at most a
/// thousand tasks.
/// </summary>
public sealed class WorkflowTree
{
    private readonly TreeNode _root;

    internal WorkflowTree(TreeNode root) => _root = root;

    /// <summary>A workflow as it is written, before it is sent. Arguments are shown as monitors will show them, cut to 60 characters.</summary>
    /// <param name="signature">A task or workflow.</param>
    /// <param name="mostMembers">The most that are drawn of one group or chain, from 3 up.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="mostMembers"/> is less than 3.</exception>
    public static WorkflowTree Of(Signature signature, int mostMembers = 20)
    {
        ArgumentNullException.ThrowIfNull(signature);
        return new WorkflowTree(new SignatureTree(new TreeBounds(mostMembers)).Draw(signature));
    }

    /// <summary>A tree of lines.</summary>
    public override string ToString() => TreeText.Write(_root);

    /// <summary>Graphviz's DOT: arrows go in the order of the runs, dashed ones to callbacks and errbacks.</summary>
    public string ToDot() => TreeDot.Write(_root);
}
