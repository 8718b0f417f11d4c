using System.Text.RegularExpressions;

namespace Celeriac.Architecture.Tests;

/// <summary>A link in a page: where it stands, what it shows, where it leads.</summary>
internal sealed record Link(string Page, string Text, string Target);

/// <summary>The pages people read, and the links in them.</summary>
internal static partial class Documents
{
    public static IReadOnlyList<string> Pages { get; } =
        [.. Directory.GetFiles(Repository.Root, "*.md").Concat(new[] { "docs", "src", "samples", "tests", "bench" }.SelectMany(folder => Repository.Files(folder, "*.md")))];

    public static IEnumerable<Link> Links(string page) =>
        LinkPattern().Matches(WithoutCode(File.ReadAllText(page))).Select(match => new Link(page, match.Groups[1].Value, match.Groups[2].Value));

    /// <summary>The anchors that a page's headings make.</summary>
    public static IEnumerable<string> Anchors(string page) =>
        HeadingPattern().Matches(WithoutCode(File.ReadAllText(page))).Select(match =>
            NotInAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    // What stands in a code block is an example, not a link. Inline code stays: a link's text often is code.
    private static string WithoutCode(string text) => FencePattern().Replace(text, "");

    [GeneratedRegex(@"\[([^\]]*)\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"^#{1,6} +(.+)$", RegexOptions.Multiline)]
    private static partial Regex HeadingPattern();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencePattern();
}
