using Microsoft.CodeAnalysis;

namespace Celeriac.Generators.Analyzers;

/// <summary>
/// The types that have JSON metadata without reflection: those that a JsonSerializerContext of the project or Celeriac's own one lists,
/// and those that System.Text.Json's generator reaches from them (elements, type arguments, properties).
/// </summary>
internal sealed class JsonMetadata
{
    private readonly HashSet<ITypeSymbol> _types = new(SymbolEqualityComparer.Default);

    public bool Covers(ITypeSymbol type) => _types.Contains(type);

    public static JsonMetadata Of(Compilation compilation, CancellationToken cancellationToken)
    {
        var metadata = new JsonMetadata();
        if (compilation.GetTypeByMetadataName(Symbols.BuiltInJsonContext) is { } builtIn)
        {
            metadata.AddContext(builtIn);
        }
        foreach (var type in compilation.GetSymbolsWithName(static _ => true, SymbolFilter.Type, cancellationToken).OfType<INamedTypeSymbol>())
        {
            if (Symbols.Is(type.BaseType, "System.Text.Json.Serialization.JsonSerializerContext"))
            {
                metadata.AddContext(type);
            }
        }
        return metadata;
    }

    private void AddContext(INamedTypeSymbol context)
    {
        foreach (var attribute in context.GetAttributes())
        {
            if (Symbols.Is(attribute.AttributeClass, "System.Text.Json.Serialization.JsonSerializableAttribute")
                && attribute.ConstructorArguments.Length == 1 && attribute.ConstructorArguments[0].Value is ITypeSymbol type)
            {
                Add(type);
            }
        }
    }

    private void Add(ITypeSymbol type)
    {
        if (!_types.Add(type))
        {
            return;
        }
        if (type is IArrayTypeSymbol array)
        {
            Add(array.ElementType);
        }
        if (type is not INamedTypeSymbol named)
        {
            return;
        }
        foreach (var argument in named.TypeArguments)
        {
            Add(argument);
        }
        // The framework's own types are values to JSON, not objects with properties.
        for (var declaring = named; declaring is not null && !IsFramework(declaring); declaring = declaring.BaseType)
        {
            var properties = declaring.GetMembers().OfType<IPropertySymbol>();
            foreach (var property in properties.Where(property => property is { IsStatic: false, DeclaredAccessibility: Accessibility.Public }))
            {
                Add(property.Type);
            }
        }
    }

    private static bool IsFramework(INamedTypeSymbol type) => Symbols.DottedName(type).StartsWith("System.", StringComparison.Ordinal);
}
