using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Architecture.Tests;

/// <summary>
/// The tails that make a code base ugly: very long files and very long methods. The budget is 200 and 30 lines;
/// the limits here are where a reason no longer helps.
/// </summary>
public sealed class ShapeTests(ITestOutputHelper output)
{
    private const int LongestFile = 300;
    private const int LongestMethod = 60;
    private static readonly string[] Drawers = ["Helpers", "Utils", "Utilities", "Common", "Models", "Interfaces", "Misc"];

    // Each line is a file, how long it may be, and why it stays whole.
    private static readonly Dictionary<string, (int Lines, string Reason)> LongFiles = new(StringComparer.Ordinal)
    {
    };

    [Fact]
    public void No_file_is_longer_than_300_lines()
    {
        var lengths = Code().Select(file => (Length: File.ReadAllLines(file).Length, Name: Repository.Relative(file))).OrderByDescending(item => item.Length).ToList();
        Show("longest files", lengths);

        Report.None(
            lengths.Where(item => item.Length > (LongFiles.TryGetValue(item.Name, out var exception) ? exception.Lines : LongestFile)).Select(item => $"{item.Name}: {item.Length} lines"),
            "Cut these files by what they are about:");
        Report.None(
            LongFiles.Keys.Except(lengths.Where(item => item.Length > LongestFile).Select(item => item.Name)),
            "These exceptions are no longer needed:");
    }

    [Fact]
    public void No_method_is_longer_than_60_lines()
    {
        var lengths = Code().SelectMany(Methods).OrderByDescending(item => item.Length).ToList();
        Show("longest methods", lengths);

        Report.None(
            lengths.Where(item => item.Length > LongestMethod).Select(item => $"{item.Name}: {item.Length} lines"),
            "Give the steps of these methods names:");
    }

    [Fact]
    public void No_folder_is_a_drawer_for_whatever_has_no_home() =>
        Report.None(
            Code().Select(file => Path.GetDirectoryName(Repository.Relative(file))!).Where(folder => folder.Split('/', '\\').Intersect(Drawers, StringComparer.OrdinalIgnoreCase).Any()),
            "Folders are features. Name these after what they do:");

    private static IEnumerable<string> Code() =>
        new[] { "src", "tests", "samples" }.SelectMany(folder => Repository.Files(folder, "*.cs")).Where(file => !Repository.Relative(file).Contains("/Snapshots/", StringComparison.Ordinal));

    private static IEnumerable<(int Length, string Name)> Methods(string file)
    {
        var root = CSharpSyntaxTree.ParseText(File.ReadAllText(file), new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
        return
            from method in root.DescendantNodes()
            where method is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax
            let span = method.GetLocation().GetLineSpan()
            select (span.EndLinePosition.Line - span.StartLinePosition.Line + 1, $"{Repository.Relative(file)}:{span.StartLinePosition.Line + 1} {NameOf(method)}");
    }

    private static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        AccessorDeclarationSyntax accessor => accessor.Keyword.Text,
        _ => node.Kind().ToString(),
    };

    private void Show(string title, IEnumerable<(int Length, string Name)> ordered)
    {
        output.WriteLine(title);
        foreach (var (length, name) in ordered.Take(10))
        {
            output.WriteLine($"{length,5} {name}");
        }
    }
}
