using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>Reads the few facts about the whole compilation that the output depends on.</summary>
internal static class CompilationReader
{
    private const string Messaging = "Celeriac.Messaging";

    public static CompilationFacts Read(Compilation compilation, CancellationToken cancellationToken) => new(
        compilation.AssemblyName ?? "",
        compilation.GetTypeByMetadataName(Symbols.Builder) is not null,
        compilation.GetTypeByMetadataName(Symbols.Transports) is null ? default : Transports(compilation, cancellationToken));

    private static EquatableArray<TransportModel> Transports(Compilation compilation, CancellationToken cancellationToken)
    {
        var found = new List<TransportModel>();
        foreach (var assembly in compilation.SourceModule.ReferencedAssemblySymbols.Where(UsesMessaging))
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.AddRange(assembly.GetAttributes()
                .Where(attribute => Symbols.Is(attribute.AttributeClass, Symbols.TransportAttribute) && attribute.ConstructorArguments.Length == 2)
                .Select(attribute => (Scheme: attribute.ConstructorArguments[0].Value as string, Factory: attribute.ConstructorArguments[1].Value as INamedTypeSymbol))
                .Where(transport => transport is { Scheme: not null, Factory: not null } && compilation.IsSymbolAccessibleWithin(transport.Factory, compilation.Assembly))
                .Select(transport => new TransportModel(transport.Scheme!, transport.Factory!.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat))));
        }
        return found.OrderBy(transport => transport.Scheme, StringComparer.Ordinal).ThenBy(transport => transport.Factory, StringComparer.Ordinal).ToEquatableArray();
    }

    /// <summary>Spares the attributes of the framework's assemblies, of which there are some 170.</summary>
    private static bool UsesMessaging(IAssemblySymbol assembly) =>
        assembly.Modules.Any(module => module.ReferencedAssemblies.Any(reference => reference.Name == Messaging));
}
