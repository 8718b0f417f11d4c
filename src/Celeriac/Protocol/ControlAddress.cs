using System.Text;
using System.Text.RegularExpressions;

namespace Celeriac.Protocol;

/// <summary>Which nodes a request is for.</summary>
internal sealed record ControlAddress(IReadOnlyList<string>? Destination, string? Pattern, string? Matcher)
{
    private const int LongestPattern = 1000;
    // Expressions that cannot be matched without going back are given this long.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    /// <summary>True where the node is meant: named by the destination, or else matched by the pattern, or else everybody is.</summary>
    /// <exception cref="ArgumentException">The matcher or the pattern cannot be understood.</exception>
    /// <exception cref="RegexMatchTimeoutException">The expression takes too long.</exception>
    public bool Means(string node) =>
        Destination is { Count: > 0 } ? Destination.Contains(node, StringComparer.Ordinal)
        : string.IsNullOrEmpty(Pattern) || string.IsNullOrEmpty(Matcher) || Matches(node);

    private bool Matches(string node)
    {
        if (Pattern!.Length > LongestPattern)
        {
            throw new ArgumentException($"A pattern of {Pattern.Length} characters is not matched; the longest has {LongestPattern}.");
        }
        return Matcher switch
        {
            "glob" => Regex.IsMatch(node, ExpressionOf(Pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline),
            // Python's re.match looks at the start only.
            "pcre" => Regex.IsMatch(node, $"^(?:{Pattern})", RegexOptions.CultureInvariant, s_patience),
            _ => throw new ArgumentException($"There is no matcher '{Matcher}'. Use glob or pcre."),
        };
    }

    /// <summary>Python's fnmatch as an expression: <c>*</c>, <c>?</c>, <c>[seq]</c>, <c>[!seq]</c>.</summary>
    private static string ExpressionOf(string glob)
    {
        var text = new StringBuilder("^");
        for (var index = 0; index < glob.Length; index++)
        {
            var letter = glob[index];
            var end = letter == '[' ? glob.IndexOf(']', Math.Min(glob.Length, index + (index + 1 < glob.Length && glob[index + 1] == '!' ? 3 : 2))) : -1;
            if (end > 0)
            {
                var set = glob[(index + 1)..end].Replace("\\", @"\\", StringComparison.Ordinal).Replace("[", @"\[", StringComparison.Ordinal);
                text.Append('[').Append(set[0] == '!' ? $"^{set[1..]}" : set[0] == '^' ? $"\\{set}" : set).Append(']');
                index = end;
                continue;
            }
            text.Append(letter switch { '*' => ".*", '?' => ".", _ => Regex.Escape(letter.ToString()) });
        }
        return text.Append(@"\z").ToString();
    }
}
