using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>
/// The summary of a method's XML documentation as plain text. Read from the comment itself: the compiler gives documentation only to projects that
/// generate a documentation file.
/// </summary>
internal static class SummaryReader
{
    private const int Longest = 1000;

    /// <summary>Null where there is none, or none that can be read.</summary>
    public static string? Read(SyntaxNode declaration)
    {
        var lines = declaration.GetLeadingTrivia().ToFullString().Split('\n').Select(line => line.Trim()).ToList();
        var comment = string.Join("\n", lines.Where(line => line.StartsWith("///", StringComparison.Ordinal)).Select(line => line.Substring(3)));
        if (comment.IndexOf("<summary>", StringComparison.Ordinal) < 0)
        {
            return null;
        }
        try
        {
            var text = new StringBuilder();
            Write(text, XElement.Parse($"<doc>{comment}</doc>", LoadOptions.PreserveWhitespace).Element("summary"));
            var words = string.Join(" ", text.ToString().Split([' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries));
            return words.Length == 0 ? null : words.Length <= Longest ? words : words.Substring(0, Longest) + "…";
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static void Write(StringBuilder text, XElement? element)
    {
        foreach (var node in element?.Nodes() ?? [])
        {
            if (node is XText words)
            {
                text.Append(words.Value);
            }
            else if (node is XElement { IsEmpty: true } reference)
            {
                text.Append(NameOf(reference));
            }
            else if (node is XElement inner)
            {
                Write(text, inner);
            }
        }
    }

    /// <summary>What <c>see</c> and its like refer to, by its last name.</summary>
    private static string NameOf(XElement reference) =>
        reference.Attribute("cref")?.Value is { } symbol ? symbol.Split('(')[0].Split('.').Last()
        : (reference.Attribute("name") ?? reference.Attribute("langword") ?? reference.Attribute("href"))?.Value ?? " ";
}
