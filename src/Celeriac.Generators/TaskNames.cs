using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Generators;

/// <summary>What a task and its handle are called.</summary>
internal static class TaskNames
{
    private const string Async = "Async";

    /// <summary>The explicit name, else <c>Namespace.Class.Method</c> without Async.</summary>
    public static string WireName(IMethodSymbol method, AttributeData attribute) =>
        ExplicitName(attribute) ?? WithoutAsync(Symbols.DottedName(method));

    public static string? ExplicitName(AttributeData attribute) =>
        attribute.ConstructorArguments.Length > 0 ? attribute.ConstructorArguments[0].Value as string : null;

    /// <summary>The explicit handle, else the method's name without Async, plus Task.</summary>
    public static string Handle(IMethodSymbol method, AttributeData attribute) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == "Handle").Value.Value as string ?? $"{WithoutAsync(method.Name)}Task";

    /// <summary>True where the attribute says that arguments travel by name.</summary>
    public static bool SendsKeywords(AttributeData attribute) =>
        attribute.NamedArguments.FirstOrDefault(argument => argument.Key == "Keywords").Value.Value is true;

    /// <summary>The name as source code writes it: a keyword gets its @.</summary>
    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) is SyntaxKind.None && name != "await" ? name : $"@{name}";

    /// <summary>A name for a local that none of the taken names hides.</summary>
    public static string Free(string name, IEnumerable<string> taken)
    {
        while (taken.Contains(name))
        {
            name += "_";
        }
        return name;
    }

    private static string WithoutAsync(string name) =>
        name.EndsWith(Async, StringComparison.Ordinal) && name.Length > Async.Length && name[name.Length - Async.Length - 1] != '.'
            ? name.Substring(0, name.Length - Async.Length)
            : name;
}
