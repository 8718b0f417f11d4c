using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>Writes the expression that gets the object of an instance task: the registered service, else a new one for this run.</summary>
internal static class InstanceReader
{
    /// <summary>An expression over the invocation <c>call</c>.</summary>
    public static string Read(INamedTypeSymbol type)
    {
        var name = Symbols.Qualified(type);
        var constructor = type.IsAbstract ? null : Constructor(type);
        if (constructor is null)
        {
            return $"call.Service<{name}>()";
        }
        var arguments = string.Join(", ", constructor.Parameters.Select(Argument));
        return type.IsValueType ? $"new {name}({arguments})" : $"call.FindService<{name}>() ?? call.Own(new {name}({arguments}))";
    }

    /// <summary>The longest constructor that the services can fill.</summary>
    private static IMethodSymbol? Constructor(INamedTypeSymbol type) => type.InstanceConstructors
        .Where(constructor => Symbols.IsInternal(constructor) && constructor.Parameters.All(CanBeFilled))
        .Where(constructor => !HasRequiredMembers(type) || Has(constructor, "System.Diagnostics.CodeAnalysis.SetsRequiredMembersAttribute"))
        .OrderByDescending(constructor => constructor.Parameters.Length)
        .FirstOrDefault();

    private static bool CanBeFilled(IParameterSymbol parameter) =>
        parameter.RefKind is RefKind.None
        && !Has(parameter, "Microsoft.Extensions.DependencyInjection.FromKeyedServicesAttribute")
        && (IsService(parameter.Type) || parameter.HasExplicitDefaultValue || Injected(parameter) is not null);

    /// <summary>A text or a number is nobody's service.</summary>
    private static bool IsService(ITypeSymbol type) => type is { IsReferenceType: true, SpecialType: not SpecialType.System_String };

    private static string Argument(IParameterSymbol parameter)
    {
        if (Injected(parameter) is { } injected)
        {
            return injected;
        }
        var type = Symbols.Qualified(parameter.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated));
        return (IsService(parameter.Type), parameter.HasExplicitDefaultValue) switch
        {
            (true, false) => $"call.Service<{type}>()",
            // The only default that a reference other than a string can have is null.
            (true, true) => $"call.FindService<{type}>(){(parameter.Type.NullableAnnotation is NullableAnnotation.Annotated ? "" : "!")}",
            (false, _) => DefaultValue.Write(parameter),
        };
    }

    private static string? Injected(IParameterSymbol parameter) => MethodShape.KindOf(parameter) switch
    {
        ParameterKind.Context => "call.Context",
        ParameterKind.Cancellation => "call.CancellationToken",
        _ => null,
    };

    private static bool HasRequiredMembers(INamedTypeSymbol? type) =>
        type is not null
        && (type.GetMembers().Any(member => member is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true }) || HasRequiredMembers(type.BaseType));

    private static bool Has(ISymbol symbol, string attributeName) => symbol.GetAttributes().Any(attribute => Symbols.Is(attribute.AttributeClass, attributeName));
}
