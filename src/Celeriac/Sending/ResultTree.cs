using Celeriac.Canvas;

namespace Celeriac.Sending;

/// <summary>
/// Results made ready to be drawn: what is known of the workflow from its sending, and what each task that has ended tells of those it has sent. Each task is drawn once, where it is met first.
/// </summary>
internal sealed class ResultTree(TreeBounds bounds)
{
    private readonly HashSet<string> _drawn = new(StringComparer.Ordinal);

    /// <summary>Those whose place in the workflow is known from its sending.</summary>
    private readonly HashSet<string> _placed = new(StringComparer.Ordinal);

    /// <summary>What comes after a result, by that result's id.</summary>
    private readonly Dictionary<string, List<AsyncResult>> _next = new(StringComparer.Ordinal);

    /// <summary>The first task of a member that is a workflow itself, by the member's id.</summary>
    private readonly Dictionary<string, AsyncResult> _firsts = new(StringComparer.Ordinal);

    public ValueTask<TreeNode> DrawAsync(AsyncResult result, CancellationToken cancellationToken) => DrawFromAsync(FirstOf(result, above: null), cancellationToken);

    /// <summary>Goes back from the end of a workflow, and learns what comes after what.</summary>
    private AsyncResult FirstOf(AsyncResult result, AsyncResult? above)
    {
        while (true)
        {
            _placed.Add(result.Id);
            foreach (var member in result.Group?.Members ?? [])
            {
                _firsts[member.Id] = FirstOf(member, result.Parent);
            }
            if (result.Parent is not { } parent || parent.Id == above?.Id)
            {
                return result;
            }
            if (!_next.TryGetValue(parent.Id, out var known))
            {
                _next[parent.Id] = known = [];
            }
            known.Add(result);
            result = parent;
        }
    }

    /// <summary>A task and, as long as one thing follows another, what follows.</summary>
    private async ValueTask<TreeNode> DrawFromAsync(AsyncResult result, CancellationToken cancellationToken)
    {
        var line = new List<TreeNode>();
        while (true)
        {
            _drawn.Add(result.Id);
            var (node, next) = await DrawOneAsync(result, cancellationToken).ConfigureAwait(false);
            next.RemoveAll(one => !_drawn.Add(one.Id));
            if (next.Count == 1 && !bounds.IsSpent)
            {
                line.Add(node);
                result = next[0];
                continue;
            }
            line.Add(node with { Followers = await DrawSomeAsync(next, cancellationToken).ConfigureAwait(false) });
            return line.Count == 1 ? line[0] : new TreeNode(TreeKind.Chain, "chain") { Parts = bounds.Shorten(line) };
        }
    }

    /// <summary>One without what follows, and what does.</summary>
    private async ValueTask<(TreeNode Node, List<AsyncResult> Next)> DrawOneAsync(AsyncResult result, CancellationToken cancellationToken)
    {
        var known = _next.GetValueOrDefault(result.Id, []);
        if (result.Group is { } group)
        {
            var members = await DrawSomeAsync([.. group.Members.Select(member => _firsts.GetValueOrDefault(member.Id, member))], cancellationToken).ConfigureAwait(false);
            return (TreeNode.GroupOf(group.Members.Count, group.Id) with { Parts = members }, [.. known]);
        }
        bounds.Spend();
        var record = await result.RecordAsync(cancellationToken).ConfigureAwait(false);
        var told = record is { Children.IsEmpty: false } ? ResultTuple.ReadChildren(record.Children, result) : [];
        var node = new TreeNode(TreeKind.Task, record?.Name is { } name ? $"{name}[{result.Id}]" : result.Id) { State = record?.Status ?? TaskStates.Pending };
        return (node, [.. known, .. told.Where(child => !_placed.Contains(child.Id))]);
    }

    private async ValueTask<List<TreeNode>> DrawSomeAsync(List<AsyncResult> results, CancellationToken cancellationToken)
    {
        var nodes = new List<TreeNode>();
        foreach (var (index, more) in bounds.Places(results.Count))
        {
            nodes.Add(more > 0 ? TreeNode.More(more) : await DrawFromAsync(results[index], cancellationToken).ConfigureAwait(false));
        }
        return nodes;
    }
}
