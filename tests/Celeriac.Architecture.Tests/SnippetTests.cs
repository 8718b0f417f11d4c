using System.Text.RegularExpressions;

namespace Celeriac.Architecture.Tests;

/// <summary>Code on a page is code that compiles: each block marked <c>snippet</c> is a region of samples/Snippets.</summary>
public sealed partial class SnippetTests
{
    private static readonly Dictionary<string, string> Regions = Repository.Files("samples/Snippets", "*.cs")
        .SelectMany(file => RegionPattern().Matches(File.ReadAllText(file)).Select(match => (Name: match.Groups[1].Value, Code: Dedented(match.Groups[2].Value))))
        .ToDictionary(region => region.Name, region => region.Code, StringComparer.Ordinal);

    [Fact]
    public void Marked_code_is_what_the_snippets_project_compiles() =>
        Report.None(
            from page in Documents.Pages
            from Match block in MarkedPattern().Matches(File.ReadAllText(page))
            let name = block.Groups[1].Value
            where Regions.GetValueOrDefault(name) != block.Groups[2].Value.Trim('\n')
            select Regions.TryGetValue(name, out var code) ? $"{Repository.Relative(page)}, snippet {name}, must read:\n{code}" : $"{Repository.Relative(page)}: samples/Snippets has no region '{name}'",
            "These code blocks differ from the code that compiles:");

    [Fact]
    public void Every_code_block_of_the_guide_is_marked()
    {
        var text = File.ReadAllText(Repository.PathOf("docs", "guide.md"));

        Assert.Equal(text.Split("```csharp").Length - 1, MarkedPattern().Count(text));
    }

    private static string Dedented(string code)
    {
        var lines = code.Trim('\n').Split('\n').Select(line => line.TrimEnd()).ToList();
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > indent ? line[indent..] : "")).Trim('\n', ' ');
    }

    [GeneratedRegex(@"^ *#region (\w+)\n(.*?)^ *#endregion", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex RegionPattern();

    [GeneratedRegex(@"^<!-- snippet: (\w+) -->\n```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex MarkedPattern();
}
