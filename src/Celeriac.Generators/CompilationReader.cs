using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>Reads the few facts about the whole compilation that the output depends on.</summary>
internal static class CompilationReader
{
    private const string Messaging = "Celeriac.Messaging";
    private static readonly (string Attribute, string Class)[] s_registries =
        [(Symbols.TransportAttribute, Symbols.Transports), (Symbols.ResultStoreAttribute, Symbols.ResultStores)];

    public static CompilationFacts Read(Compilation compilation, CancellationToken cancellationToken) => new(
        compilation.AssemblyName ?? "",
        compilation.GetTypeByMetadataName(Symbols.Builder) is not null,
        Factories(compilation, cancellationToken));

    private static EquatableArray<TransportModel> Factories(Compilation compilation, CancellationToken cancellationToken)
    {
        // An assembly without the task layer gets the transports alone.
        var registries = s_registries.Where(registry => compilation.GetTypeByMetadataName(registry.Class) is not null).ToArray();
        var found = new List<TransportModel>();
        foreach (var assembly in compilation.SourceModule.ReferencedAssemblySymbols.Where(UsesMessaging))
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.AddRange(
                from attribute in assembly.GetAttributes()
                where attribute.ConstructorArguments.Length == 2
                from registry in registries
                where Symbols.Is(attribute.AttributeClass, registry.Attribute)
                let scheme = attribute.ConstructorArguments[0].Value as string
                let factory = attribute.ConstructorArguments[1].Value as INamedTypeSymbol
                where scheme is not null && factory is not null && compilation.IsSymbolAccessibleWithin(factory, compilation.Assembly)
                select new TransportModel(registry.Class, scheme, factory.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)));
        }
        return found.OrderBy(transport => transport.Registry, StringComparer.Ordinal).ThenBy(transport => transport.Scheme, StringComparer.Ordinal).ThenBy(transport => transport.Factory, StringComparer.Ordinal).ToEquatableArray();
    }

    /// <summary>Spares the attributes of the framework's assemblies, of which there are some 170.</summary>
    private static bool UsesMessaging(IAssemblySymbol assembly) =>
        assembly.Modules.Any(module => module.ReferencedAssemblies.Any(reference => reference.Name == Messaging));
}
