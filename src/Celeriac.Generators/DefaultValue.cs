using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Generators;

/// <summary>Writes the default of a parameter as C#.</summary>
internal static class DefaultValue
{
    public static string Write(IParameterSymbol parameter)
    {
        var type = parameter.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : parameter.Type;
        return parameter.ExplicitDefaultValue switch
        {
            null => Null(parameter.Type),
            var value when type.TypeKind is TypeKind.Enum => EnumValue((INamedTypeSymbol)type, value),
            var value => Literal(value),
        };
    }

    /// <summary>A string as a C# literal.</summary>
    public static string Text(string value) => SymbolDisplay.FormatLiteral(value, quote: true);

    /// <summary>A number as C#, exactly.</summary>
    public static string Literal(object value) => value switch
    {
        string text => Text(text),
        char character => SymbolDisplay.FormatLiteral(character, quote: true),
        bool truth => truth ? "true" : "false",
        double number => Floating(number, "double", "d", number.ToString("R", CultureInfo.InvariantCulture)),
        float number => Floating(number, "float", "f", number.ToString("R", CultureInfo.InvariantCulture)),
        decimal number => $"{number.ToString(CultureInfo.InvariantCulture)}m",
        uint number => $"{number.ToString(CultureInfo.InvariantCulture)}u",
        long number => $"{number.ToString(CultureInfo.InvariantCulture)}L",
        ulong number => $"{number.ToString(CultureInfo.InvariantCulture)}UL",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "default",
    };

    private static string Null(ITypeSymbol type) =>
        type.IsValueType && type.OriginalDefinition.SpecialType is not SpecialType.System_Nullable_T ? "default"
        : type.IsValueType || type.NullableAnnotation is NullableAnnotation.Annotated ? "null"
        : "null!";

    private static string EnumValue(INamedTypeSymbol type, object value)
    {
        var name = type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
        var member = type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(field => field.HasConstantValue && value.Equals(field.ConstantValue));
        return member is null ? $"({name})({Literal(value)})" : $"{name}.{TaskNames.Escape(member.Name)}";
    }

    private static string Floating(double number, string type, string suffix, string digits) => number switch
    {
        double.NaN => $"{type}.NaN",
        double.PositiveInfinity => $"{type}.PositiveInfinity",
        double.NegativeInfinity => $"{type}.NegativeInfinity",
        _ => digits + suffix,
    };
}
