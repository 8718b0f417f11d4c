using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Architecture.Tests;

/// <summary>What the pages say is where they say it is.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file() =>
        Report.None(
            from page in Documents.Pages
            from link in Documents.Links(page)
            where !IsElsewhere(link.Target) && Missing(page, link.Target) is not null
            select $"{Repository.Relative(page)}: {Missing(page, link.Target)}",
            "These links lead nowhere:");

    [Fact]
    public void The_eight_hops_lead_to_members_that_exist()
    {
        var page = Repository.PathOf("docs", "internals.md");
        var members = Documents.Links(page).Where(link => link.Target.EndsWith(".cs", StringComparison.Ordinal) && MemberPattern().IsMatch(link.Text)).ToList();
        Assert.True(members.Count >= 8, $"docs/internals.md links {members.Count} members written as `Type.Member`; the path of a message has eight hops.");

        Report.None(
            members.Where(link => !Declares(Path.Combine(Path.GetDirectoryName(page)!, link.Target), link.Text.Trim('`'))).Select(link => $"{link.Text} is not declared in {link.Target}"),
            "docs/internals.md is behind the code:");
    }

    [Fact]
    public void A_test_that_a_page_names_exists()
    {
        var tests = Repository.Files("tests", "*.cs").Concat(Repository.Files("src/Celeriac.Conformance", "*.cs"))
            .SelectMany(file => TestPattern().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);

        Report.None(
            from page in Repository.Files("docs", "*.md")
            from Match named in NamedTestPattern().Matches(File.ReadAllText(page))
            where !tests.Contains(named.Groups[1].Value)
            select $"{Repository.Relative(page)}: {named.Groups[1].Value}",
            "These pages name tests that are not there:");
    }

    [Fact]
    public void Every_decision_has_a_number_of_its_own()
    {
        var pages = Repository.Files("docs/decisions", "*.md").Where(file => Path.GetFileName(file) != "README.md").ToList();
        Assert.NotEmpty(pages);

        Report.None(
            pages.Where(page => !DecisionPattern().IsMatch(Path.GetFileName(page))).Select(Repository.Relative),
            "Decisions are called NNNN-title.md:");
        Report.None(
            pages.GroupBy(page => Path.GetFileName(page)[..4]).Where(group => group.Count() > 1).Select(group => string.Join(" and ", group.Select(Repository.Relative))),
            "Two decisions share a number:");
        Report.None(
            pages.Where(page => !File.ReadLines(page).First().StartsWith($"# {Path.GetFileName(page)[..4]} ", StringComparison.Ordinal)).Select(Repository.Relative),
            "A decision's title begins with its number:");
    }

    [Fact]
    public void No_page_shows_a_path_of_somebodys_machine() =>
        Report.None(
            from page in Documents.Pages
            from line in File.ReadLines(page)
            where MachinePathPattern().IsMatch(line)
            select $"{Repository.Relative(page)}: {line.Trim()}",
            "These paths exist on one machine only:");

    [Fact]
    public void Every_diagnostic_has_its_page()
    {
        var numbers = Repository.Files("src/Celeriac.Generators", "*.cs")
            .SelectMany(file => DiagnosticPattern().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Distinct(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(numbers);

        Report.None(
            numbers.Where(number => !File.Exists(Repository.PathOf("docs", "diagnostics", number + ".md"))).Select(number => $"docs/diagnostics/{number}.md"),
            "A diagnostic's help link leads to these pages, which are not there:");
    }

    private static bool IsElsewhere(string target) => target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);

    private static string? Missing(string page, string target)
    {
        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, Uri.UnescapeDataString(parts[0])));
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            return $"{target} does not exist";
        }
        return parts.Length == 2 && path.EndsWith(".md", StringComparison.Ordinal) && !Documents.Anchors(path).Contains(parts[1])
            ? $"{target}: the page has no such heading"
            : null;
    }

    private static bool Declares(string file, string member)
    {
        var (type, name) = (member.Split('.')[0], member.Split('.')[^1]);
        return File.Exists(file) && CSharpSyntaxTree.ParseText(File.ReadAllText(file), new CSharpParseOptions(LanguageVersion.Preview)).GetRoot()
            .DescendantNodes().OfType<TypeDeclarationSyntax>()
            .Where(declaration => declaration.Identifier.Text == type)
            .SelectMany(declaration => declaration.Members)
            .Any(declared => declared switch
            {
                MethodDeclarationSyntax method => method.Identifier.Text == name,
                PropertyDeclarationSyntax property => property.Identifier.Text == name,
                _ => false,
            });
    }

    [GeneratedRegex("^`[A-Za-z]+\\.[A-Za-z]+`$")]
    private static partial Regex MemberPattern();

    [GeneratedRegex(@"public [\w<>]+(?: [\w<>]+)* ([A-Z]\w*_\w+)\(")]
    private static partial Regex TestPattern();

    [GeneratedRegex(@"`([A-Z][a-z]*_\w+_\w+)`")]
    private static partial Regex NamedTestPattern();

    [GeneratedRegex(@"^\d{4}-[a-z0-9-]+\.md$")]
    private static partial Regex DecisionPattern();

    [GeneratedRegex(@"(^|[\s`""'(=])(/(work|root|home|Users)/|[A-Z]:\\)")]
    private static partial Regex MachinePathPattern();

    [GeneratedRegex(@"""(CEL\d{3})""")]
    private static partial Regex DiagnosticPattern();
}
