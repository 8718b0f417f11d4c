using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>Writes the default of a parameter as Python, for the reader of a stub: it is never sent, the C# side has its own.</summary>
internal static class PythonDefault
{
    /// <summary>Null where Python has no way to write it, as for <c>default(Guid)</c>.</summary>
    public static string? Write(IParameterSymbol parameter)
    {
        var type = parameter.Type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable ? nullable.TypeArguments[0] : parameter.Type;
        return parameter.ExplicitDefaultValue switch
        {
            null => parameter.Type.IsReferenceType || !SymbolEqualityComparer.Default.Equals(type, parameter.Type) ? "None" : null,
            var value when type is INamedTypeSymbol { TypeKind: TypeKind.Enum } enumeration => Member(enumeration, value),
            bool truth => truth ? "True" : "False",
            string text => Text(text),
            char character => Text(character.ToString()),
            double number => Floating(number, number.ToString("R", CultureInfo.InvariantCulture)),
            float number => Floating(number, number.ToString("R", CultureInfo.InvariantCulture)),
            decimal number => $"_decimal.Decimal(\"{number.ToString(CultureInfo.InvariantCulture)}\")",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => null,
        };
    }

    private static string Member(INamedTypeSymbol type, object value)
    {
        var member = type.GetMembers().OfType<IFieldSymbol>().FirstOrDefault(field => field.HasConstantValue && value.Equals(field.ConstantValue));
        return member is null ? ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture) : Text(member.Name);
    }

    private static string Floating(double number, string digits) => number switch
    {
        double.NaN => "float(\"nan\")",
        double.PositiveInfinity => "float(\"inf\")",
        double.NegativeInfinity => "float(\"-inf\")",
        _ => digits.IndexOfAny(['.', 'E']) < 0 ? $"{digits}.0" : digits,
    };

    private static string Text(string value)
    {
        var text = new StringBuilder("\"");
        for (var index = 0; index < value.Length; index++)
        {
            var character = value[index];
            _ = character switch
            {
                _ when char.IsSurrogatePair(value, index) => text.Append("\\U").Append(char.ConvertToUtf32(character, value[++index]).ToString("x8", CultureInfo.InvariantCulture)),
                '"' or '\\' => text.Append('\\').Append(character),
                '\n' => text.Append("\\n"),
                >= ' ' and <= '~' => text.Append(character),
                _ => text.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture)),
            };
        }
        return text.Append('"').ToString();
    }
}
