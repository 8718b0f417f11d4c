using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>The names by which Celeriac's own types are known, and questions about symbols.</summary>
internal static class Symbols
{
    public const string TaskAttribute = "Celeriac.TaskAttribute";
    public const string ControlCommandAttribute = "Celeriac.ControlCommandAttribute";
    public const string InspectCommandAttribute = "Celeriac.InspectCommandAttribute";
    public const string TransportAttribute = "Celeriac.Messaging.TransportAttribute";
    public const string Transports = "Celeriac.Messaging.Transports";
    public const string ResultStoreAttribute = "Celeriac.ResultStoreAttribute";
    public const string ResultStores = "Celeriac.ResultStores";
    public const string Builder = "Celeriac.CeleriacBuilder";
    public const string BuiltInJsonContext = "Celeriac.Serialization.BuiltInJsonContext";

    /// <summary>A type as a person writes it: <c>Order?</c>.</summary>
    public static readonly SymbolDisplayFormat Short =
        SymbolDisplayFormat.MinimallyQualifiedFormat.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat s_qualified =
        SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>A type as generated code writes it: <c>global::Demo.Order?</c>. A dynamic value would make every call it is given to dynamic too.</summary>
    public static string Qualified(ITypeSymbol type) => type is IDynamicTypeSymbol
        ? type.NullableAnnotation is NullableAnnotation.Annotated ? "object?" : "object"
        : type.ToDisplayString(s_qualified);

    /// <summary>Namespace, types and name with dots: <c>Demo.MathTasks.Add</c>.</summary>
    public static string DottedName(ISymbol symbol)
    {
        var parent = symbol.ContainingSymbol;
        return parent is null or INamespaceSymbol { IsGlobalNamespace: true } or IModuleSymbol ? symbol.Name : $"{DottedName(parent)}.{symbol.Name}";
    }

    public static bool Is(ITypeSymbol? type, string fullName) => type is INamedTypeSymbol { Arity: 0 } && DottedName(type) == fullName;

    /// <summary>The [Task] of a method, or null.</summary>
    public static AttributeData? TaskAttributeOf(IMethodSymbol method) =>
        method.GetAttributes().FirstOrDefault(attribute => Is(attribute.AttributeClass, TaskAttribute));

    /// <summary>True for a remote control command.</summary>
    public static bool IsCommand(IMethodSymbol method) =>
        method.GetAttributes().Any(attribute => Is(attribute.AttributeClass, ControlCommandAttribute) || Is(attribute.AttributeClass, InspectCommandAttribute));

    /// <summary>True when calling the method sends it as a task: its body is a generated one.</summary>
    public static bool IsSent(IMethodSymbol method) =>
        method.GetAttributes().Concat(method.PartialImplementationPart?.GetAttributes() ?? []).Any(attribute => Is(attribute.AttributeClass, "Celeriac.RunsElsewhereAttribute"));

    /// <summary>The type that holds the symbol and the types around it, innermost first.</summary>
    public static IEnumerable<INamedTypeSymbol> ContainingTypes(ISymbol symbol)
    {
        for (var type = symbol.ContainingType; type is not null; type = type.ContainingType)
        {
            yield return type;
        }
    }

    /// <summary>True when another assembly sees the symbol.</summary>
    public static bool IsPublic(ISymbol symbol) =>
        symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && (symbol.ContainingType is null || IsPublic(symbol.ContainingType));

    /// <summary>True when the whole assembly sees the symbol.</summary>
    public static bool IsInternal(ISymbol symbol) =>
        symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal
        && (symbol.ContainingType is null || IsInternal(symbol.ContainingType));
}
