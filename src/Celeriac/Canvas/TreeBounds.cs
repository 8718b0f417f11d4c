namespace Celeriac.Canvas;

/// <summary>How much of a workflow is drawn: of many beside each other the first ones and the last, and at most a thousand in all.</summary>
/// <param name="mostMembers">The most that are drawn of one group or chain.</param>
internal sealed class TreeBounds(int mostMembers)
{
    private const int MostTasks = 1000;
    private readonly int _most = mostMembers >= 3 ? mostMembers : throw new ArgumentOutOfRangeException(nameof(mostMembers), mostMembers, "At least 3 members of a group are drawn: the first, the last, and how many lie between.");
    private int _left = MostTasks;

    /// <summary>True where no more are drawn.</summary>
    public bool IsSpent => _left <= 0;

    /// <summary>Counts one that is drawn.</summary>
    public void Spend() => _left--;

    /// <summary>Which of some are drawn: the index of one, or the number of those that are left out here.</summary>
    public IEnumerable<(int Index, int More)> Places(int count)
    {
        for (var index = 0; index < count; index++)
        {
            if (IsSpent)
            {
                yield return (-1, count - index);
                yield break;
            }
            if (count > _most && index == _most - 2)
            {
                yield return (-1, count - index - 1);
                index = count - 1;
            }
            yield return (index, 0);
        }
    }

    /// <summary>Of many that are drawn already the first ones and the last.</summary>
    public List<TreeNode> Shorten(List<TreeNode> nodes) =>
        nodes.Count <= _most ? nodes : [.. nodes[..(_most - 2)], TreeNode.More(nodes.Count - _most + 1), nodes[^1]];
}
