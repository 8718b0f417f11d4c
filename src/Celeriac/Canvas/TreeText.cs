using System.Text;

namespace Celeriac.Canvas;

/// <summary>A drawn workflow for terminals: a line each, its parts below it.</summary>
internal static class TreeText
{
    public static string Write(TreeNode root)
    {
        var text = new StringBuilder();
        Write(text, root, "", "");
        return text.ToString();
    }

    /// <summary>What anybody may have named: no line and no escape sequence of theirs comes into the picture.</summary>
    public static string Safe(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? '·' : letter)) : text;

    private static void Write(StringBuilder text, TreeNode node, string first, string rest)
    {
        text.Append(first);
        if (node.Relation.Length > 0)
        {
            text.Append(node.Relation).Append(": ");
        }
        text.Append(Safe(node.Label));
        if (node.State is { } state)
        {
            text.Append(' ').Append(Safe(state));
        }
        text.Append('\n');
        var below = node.Parts.Count + node.Followers.Count;
        foreach (var (index, child) in node.Parts.Concat(node.Followers).Index())
        {
            var isLast = index == below - 1;
            Write(text, child, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "));
        }
    }
}
