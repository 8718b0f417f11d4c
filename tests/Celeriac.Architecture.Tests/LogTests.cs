using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Architecture.Tests;

/// <summary>A log sentence is part of the product: each has its place and a number of its own that stays.</summary>
public sealed class LogTests
{
    private static readonly string[] DirectCalls = ["Log", "LogTrace", "LogDebug", "LogInformation", "LogWarning", "LogError", "LogCritical"];

    [Fact]
    public void Log_sentences_stand_only_in_Log_cs()
    {
        var attributes = All<AttributeSyntax>().Where(found => IsLoggerMessage(found.Node));
        var calls =
            from found in All<InvocationExpressionSyntax>()
            let name = (found.Node.Expression as MemberAccessExpressionSyntax)?.Name.Identifier.Text
            where DirectCalls.Contains(name) && TakesALogger(found.Project, found.Node)
            select (found.Project, found.File, Node: (SyntaxNode)found.Node);

        Report.None(
            attributes.Select(found => (found.File, Node: (SyntaxNode)found.Node)).Concat(calls.Select(found => (found.File, found.Node)))
                .Where(found => Path.GetFileName(found.File) is not ("Log.cs" or "Log.Workflows.cs"))
                .Select(found => $"{Repository.Relative(found.File)}:{LineOf(found.Node)} {found.Node}"),
            "Move these sentences to the project's Log.cs:");
    }

    [Fact]
    public void Event_numbers_are_used_once_in_all_projects()
    {
        var numbers = All<AttributeSyntax>().Where(found => IsLoggerMessage(found.Node)).Select(found => (Id: EventId(found.Node), found.File, Line: LineOf(found.Node))).ToList();
        Assert.NotEmpty(numbers);

        Report.None(
            numbers.Where(item => item.Id is null).Select(item => $"{Repository.Relative(item.File)}:{item.Line} has no event number"),
            "Every sentence needs a number that an operator can filter by:");
        Report.None(
            numbers.GroupBy(item => item.Id).Where(group => group.Count() > 1)
                .Select(group => $"{group.Key}: {string.Join(", ", group.Select(item => $"{Repository.Relative(item.File)}:{item.Line}"))}"),
            "These event numbers are taken more than once:");
    }

    [Fact]
    public void A_project_has_one_Log_cs_at_most() =>
        Report.None(
            Repository.SourceProjects.Where(project => Repository.Files($"src/{project}", "Log.cs").Count > 1),
            "These projects have several Log.cs:");

    private static IEnumerable<(SourceProject Project, string File, T Node)> All<T>()
        where T : SyntaxNode =>
        from name in Repository.Packages
        let project = SourceProject.Load(name)
        from tree in project.Trees
        from node in tree.GetRoot().DescendantNodes().OfType<T>()
        select (project, tree.FilePath, node);

    private static bool IsLoggerMessage(AttributeSyntax attribute) => attribute.Name.ToString() is "LoggerMessage" or "LoggerMessageAttribute";

    private static bool TakesALogger(SourceProject project, InvocationExpressionSyntax call) =>
        project.Compilation.GetSemanticModel(call.SyntaxTree).GetSymbolInfo(call).Symbol is IMethodSymbol method
        && method.ContainingNamespace.ToDisplayString() == "Microsoft.Extensions.Logging";

    private static int? EventId(AttributeSyntax attribute)
    {
        var arguments = attribute.ArgumentList?.Arguments ?? default;
        var named = arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.Text == "EventId" || argument.NameColon?.Name.Identifier.Text == "eventId");
        var text = (named ?? arguments.FirstOrDefault(argument => argument.NameEquals is null))?.Expression.ToString().Replace("_", "", StringComparison.Ordinal);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
