using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Architecture.Tests;

/// <summary>A place where a file uses a type that another file of the same project declares.</summary>
internal sealed record Use(string File, int Line, string Type, string DeclaredIn);

/// <summary>Finds the uses between the files of a project.</summary>
internal static class Uses
{
    public static IEnumerable<Use> In(SourceProject project)
    {
        foreach (var tree in project.Trees)
        {
            var model = project.Compilation.GetSemanticModel(tree);
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                var info = model.GetSymbolInfo(name);
                foreach (var type in TypesOf(info.Symbol ?? info.CandidateSymbols.FirstOrDefault()))
                {
                    if (DeclaringFile(type) is { } declaredIn && declaredIn != tree.FilePath)
                    {
                        yield return new Use(tree.FilePath, name.GetLocation().GetLineSpan().StartLinePosition.Line + 1, type.Name, declaredIn);
                    }
                }
            }
        }
    }

    // A local or a parameter is no use of its own: its type was named, or came out of a member that counts.
    private static IEnumerable<INamedTypeSymbol> TypesOf(ISymbol? symbol) => symbol switch
    {
        INamedTypeSymbol type => [type],
        IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol when symbol.ContainingType is { } owner => [owner],
        _ => [],
    };

    private static string? DeclaringFile(INamedTypeSymbol type) =>
        type.OriginalDefinition.DeclaringSyntaxReferences.Select(reference => reference.SyntaxTree.FilePath).Order(StringComparer.Ordinal).FirstOrDefault();
}
