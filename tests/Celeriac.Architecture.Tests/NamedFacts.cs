using System.Text.RegularExpressions;

namespace Celeriac.Architecture.Tests;

/// <summary>Tests that a page names, and whether they exist.</summary>
internal static partial class NamedFacts
{
    /// <summary>The facts of each test class, by the class's name; those of the conformance suites, and of other classes that are not called tests, under an empty one.</summary>
    private static readonly ILookup<string, string> s_facts =
        Repository.Files("tests", "*.cs").Concat(Repository.Files("src/Celeriac.Conformance", "*.cs")).SelectMany(FactsOf).ToLookup(fact => fact.Class, fact => fact.Fact);

    public static bool Exists(string fact) => fact.Split('.') is [var type, var name] ? s_facts[type].Contains(name) : s_facts[""].Contains(fact);

    /// <summary>The facts that a cell names.</summary>
    public static IEnumerable<string> In(string cell) => NamedPattern().Matches(cell).Select(match => match.Groups[1].Value).Where(name => name.Contains('_', StringComparison.Ordinal));

    private static IEnumerable<(string Class, string Fact)> FactsOf(string file)
    {
        var text = File.ReadAllText(file);
        var isSuite = Repository.Relative(file).StartsWith("src/", StringComparison.Ordinal);
        var classes = ClassPattern().Matches(text);
        return FactPattern().Matches(text).Select(fact => (isSuite ? "" : classes.LastOrDefault(type => type.Index < fact.Index)?.Groups[1].Value ?? "", fact.Groups[1].Value));
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex NamedPattern();

    [GeneratedRegex(@"class (\w+Tests)\b")]
    private static partial Regex ClassPattern();

    [GeneratedRegex(@"\[(?:Fact|Theory)[\s\S]*?public [\w<> ]+? ([A-Z]\w*)\(")]
    private static partial Regex FactPattern();
}
