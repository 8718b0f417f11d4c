using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Architecture.Tests;

/// <summary>What must not be written here, because each of it has cost somebody a vulnerability or a flaky test.</summary>
public sealed class ForbiddenTests
{
    private static readonly string[] SelectsTypes = ["Activator", "BinaryFormatter", "Newtonsoft", "TypeNameHandling"];

    // Each line is a file and why it passes time.
    private static readonly Dictionary<string, string> Sleepers = new(StringComparer.Ordinal)
    {
        ["src/Celeriac.Conformance/Tasks/LedgerTasks.cs"] = "a task whose work is to take a while; no test waits by it",
        ["src/Celeriac.Conformance/Network/ProxiedConnection.cs"] = "a network that is slow on purpose",
        ["src/Celeriac.Conformance/Areas/Expiry.cs"] = "a transport without delays has no clock of its own that could tell the time",
    };

    [Fact]
    public void Nothing_in_src_makes_a_type_from_a_name() =>
        Report.None(
            from file in Repository.Files("src", "*.cs")
            from name in Nodes<SimpleNameSyntax>(file)
            where SelectsTypes.Contains(name.Identifier.Text) || IsTypeGetType(name)
            select $"{Repository.Relative(file)}:{LineOf(name)} {name.Parent}",
            "Nothing on the wire may select a CLR type, so nothing here makes one from a string:");

    [Fact]
    public void No_test_is_skipped() =>
        Report.None(
            TestCode().SelectMany(file => Nodes<AttributeArgumentSyntax>(file)
                .Where(argument => argument.NameEquals?.Name.Identifier.Text is "Skip" or "SkipWhen" or "SkipUnless" or "SkipExceptions")
                .Select(argument => $"{Repository.Relative(file)}:{LineOf(argument)} {argument}")),
            "A skipped test is a promise nobody keeps:");

    [Fact]
    public void No_test_sleeps() =>
        Report.None(
            from file in TestCode()
            where !Sleepers.ContainsKey(Repository.Relative(file))
            from access in Nodes<MemberAccessExpressionSyntax>(file)
            where access.ToString() is "Thread.Sleep" or "Task.Delay" && !WaitsForever(access)
            select $"{Repository.Relative(file)}:{LineOf(access)} {access.Parent}",
            "Wait for a signal, an event or the fake clock; for another process, read its output. A task that works a while is listed in ForbiddenTests:");

    private static IEnumerable<string> TestCode() =>
        Repository.Files("tests", "*.cs").Concat(Repository.Files("src/Celeriac.Conformance", "*.cs")).Where(file => !file.Contains("Snapshots", StringComparison.Ordinal));

    private static bool IsTypeGetType(SimpleNameSyntax name) => name.Identifier.Text == "GetType" && name.Parent?.ToString() is "Type.GetType" or "System.Type.GetType";

    // A wait without an end is not a way to pass time: it stands for work that only a cancellation stops.
    private static bool WaitsForever(MemberAccessExpressionSyntax access) =>
        access.Parent is InvocationExpressionSyntax { ArgumentList.Arguments: [var first, ..] } && first.ToString() is "Timeout.Infinite" or "Timeout.InfiniteTimeSpan" or "-1";

    private static IEnumerable<T> Nodes<T>(string file)
        where T : SyntaxNode =>
        CSharpSyntaxTree.ParseText(File.ReadAllText(file), new CSharpParseOptions(LanguageVersion.Preview)).GetRoot().DescendantNodes().OfType<T>();

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
