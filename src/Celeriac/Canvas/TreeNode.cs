using System.Globalization;

namespace Celeriac.Canvas;

/// <summary>What a node of a drawn workflow is.</summary>
internal enum TreeKind
{
    Task,
    Chain,
    Group,
    Chord,

    /// <summary>Stands for those that are left out.</summary>
    More,
}

/// <summary>A workflow as it is drawn, whatever it was made of.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Label">What is written on it.</param>
internal sealed record TreeNode(TreeKind Kind, string Label)
{
    /// <summary>The state of its result; null where there is none to tell.</summary>
    public string? State { get; init; }

    /// <summary>How it comes to run: after the one that it hangs on, or as a part of it, where nothing is said.</summary>
    public string Relation { get; init; } = "";

    /// <summary>What it consists of: of a chain one after the other, of a group at once, of a chord the header and then the body.</summary>
    public IReadOnlyList<TreeNode> Parts { get; init; } = [];

    /// <summary>What comes after it.</summary>
    public IReadOnlyList<TreeNode> Followers { get; init; } = [];

    public static TreeNode More(int count) => new(TreeKind.More, string.Create(CultureInfo.InvariantCulture, $"… {count:N0} more"));

    public static TreeNode GroupOf(int count, string? id = null) => new(TreeKind.Group, string.Create(CultureInfo.InvariantCulture, $"group{(id is null ? "" : $" {id}")} of {count:N0}"));
}
