using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Generators;

/// <summary>Reads the type that holds a task, and checks that a handle can be put there.</summary>
internal static class ContainerReader
{
    public static ContainerModel Read(INamedTypeSymbol container)
    {
        var types = new[] { container }.Concat(Symbols.ContainingTypes(container)).Reverse();
        return new(
            container.ContainingNamespace.IsGlobalNamespace ? "" : container.ContainingNamespace.ToDisplayString(s_namespace),
            types.Select(Declaration).ToEquatableArray(),
            Symbols.DottedName(container),
            Symbols.Qualified(container),
            Symbols.IsPublic(container));
    }

    public static IEnumerable<Fault> Faults(IMethodSymbol method, AttributeData attribute, Place identifier)
    {
        var closed = Symbols.ContainingTypes(method).Where(type => !IsPartial(type)).Select(type => type.Name).Reverse().ToList();
        if (closed.Count > 0)
        {
            var names = string.Join(", ", closed.Select(name => $"'{name}'"));
            yield return Fault.Of(
                Diagnostics.NotPartial, identifier, method.Name, names, closed.Count == 1 ? "is" : "are", closed.Count == 1 ? "its declaration" : "their declarations");
        }
        var handle = TaskNames.Handle(method, attribute);
        if (Clash(method, handle) is { } clash)
        {
            yield return Fault.Of(Diagnostics.HandleClash, identifier, handle, method.Name, clash);
        }
    }

    private static readonly SymbolDisplayFormat s_namespace =
        SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    private static string Declaration(INamedTypeSymbol type) => $"partial {Kind(type)} {TaskNames.Escape(type.Name)}";

    private static string Kind(INamedTypeSymbol type) => type switch
    {
        { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
        { IsRecord: true } => "record",
        { TypeKind: TypeKind.Struct } => "struct",
        { TypeKind: TypeKind.Interface } => "interface",
        _ => "class",
    };

    private static bool IsPartial(INamedTypeSymbol type) => type.DeclaringSyntaxReferences.Any(
        reference => reference.GetSyntax() is TypeDeclarationSyntax declaration && declaration.Modifiers.Any(SyntaxKind.PartialKeyword));

    /// <summary>What already has the name of the handle or of its class, in words; null where nothing has.</summary>
    private static string? Clash(IMethodSymbol method, string handle)
    {
        string[] names = [handle, $"{handle}Handle"];
        if (names.Contains(method.ContainingType.Name))
        {
            return $"the name of its type '{method.ContainingType.Name}'";
        }
        for (var type = method.ContainingType; type is not null; type = type.BaseType)
        {
            var isOwn = SymbolEqualityComparer.Default.Equals(type, method.ContainingType);
            var member = names.SelectMany(name => type.GetMembers(name)).FirstOrDefault(member => isOwn || member.DeclaredAccessibility is not Accessibility.Private)
                ?? (isOwn ? null : TaskWithHandle(type, handle));
            if (member is not null)
            {
                return $"'{Symbols.DottedName(member)}'";
            }
        }
        return null;
    }

    private static IMethodSymbol? TaskWithHandle(INamedTypeSymbol type, string handle) => type.GetMembers().OfType<IMethodSymbol>().FirstOrDefault(
        method => Symbols.TaskAttributeOf(method) is { } attribute && TaskNames.Handle(method, attribute) == handle);
}
