using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>
/// C# types → Python type hints, for the stubs that <c>stubs</c> prints: what a Python caller may give for a parameter, and what it gets as a result.
/// The names behind an underscore are those under which the printed module imports Python's own modules.
/// </summary>
internal static class PythonHints
{
    private const string Any = "_typing.Any";
    private const int MostEnumMembers = 24;
    private const int Deepest = 8;

    /// <summary>What may be given for a parameter.</summary>
    public static string Argument(ITypeSymbol type) => Hint(type, isResult: false, Deepest);

    /// <summary>What JSON makes of a result.</summary>
    public static string Result(ITypeSymbol? type) => type is null ? "None" : Hint(type, isResult: true, Deepest);

    /// <summary>The hint with None beside it.</summary>
    public static string OrNone(string hint) => hint is Any or "None" || hint.EndsWith("| None", StringComparison.Ordinal) ? hint : $"{hint} | None";

    private static string Hint(ITypeSymbol type, bool isResult, int depth)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable)
        {
            return OrNone(Plain(nullable.TypeArguments[0], isResult, depth));
        }
        var plain = Plain(type, isResult, depth);
        return type.IsReferenceType && type.NullableAnnotation is NullableAnnotation.Annotated ? OrNone(plain) : plain;
    }

    private static string Plain(ITypeSymbol type, bool isResult, int depth) => depth == 0 ? Any : type switch
    {
        IArrayTypeSymbol { Rank: 1, ElementType.SpecialType: SpecialType.System_Byte } => isResult ? "str" : "bytes | str",
        IArrayTypeSymbol { Rank: 1 } array => $"list[{Hint(array.ElementType, isResult, depth - 1)}]",
        INamedTypeSymbol { TypeKind: TypeKind.Enum } enumeration => Enumeration(enumeration),
        INamedTypeSymbol named => Simple(named.SpecialType) ?? OfSystem(named, isResult) ?? Collection(named, isResult, depth) ?? Other(named),
        _ => Any,
    };

    private static string? Simple(SpecialType type) => type switch
    {
        SpecialType.System_Boolean => "bool",
        SpecialType.System_SByte or SpecialType.System_Byte or SpecialType.System_Int16 or SpecialType.System_UInt16 or SpecialType.System_Int32
            or SpecialType.System_UInt32 or SpecialType.System_Int64 or SpecialType.System_UInt64 => "int",
        SpecialType.System_Single or SpecialType.System_Double => "float",
        SpecialType.System_String or SpecialType.System_Char => "str",
        SpecialType.System_Object => Any,
        _ => null,
    };

    /// <summary>Types that Kombu writes as text: given as Python's own type or as text, read back as text.</summary>
    private static string? OfSystem(INamedTypeSymbol type, bool isResult) => Symbols.DottedName(type) switch
    {
        "System.Decimal" => isResult ? "str" : "_decimal.Decimal | float",
        "System.Guid" => isResult ? "str" : "_uuid.UUID | str",
        "System.DateTime" or "System.DateTimeOffset" => isResult ? "str" : "_datetime.datetime | str",
        "System.DateOnly" => isResult ? "str" : "_datetime.date | str",
        "System.TimeOnly" => isResult ? "str" : "_datetime.time | str",
        "System.TimeSpan" or "System.Uri" or "System.Version" => "str",
        "System.Half" => "float",
        "System.Int128" or "System.UInt128" or "System.Numerics.BigInteger" => "int",
        "System.Memory" or "System.ReadOnlyMemory" => isResult ? "str" : "bytes | str",
        "System.Text.Json.JsonElement" or "System.Text.Json.JsonDocument" or "System.Text.Json.Nodes.JsonNode" or "System.Text.Json.Nodes.JsonValue" => Any,
        "System.Text.Json.Nodes.JsonArray" => "list",
        "Celeriac.None" => "None",
        "Celeriac.FailedTask" => "str",
        _ => null,
    };

    private static string? Collection(INamedTypeSymbol type, bool isResult, int depth)
    {
        var shapes = type.AllInterfaces.Prepend(type).Where(shape => shape.IsGenericType).ToList();
        if (shapes.FirstOrDefault(shape => shape is { Name: "IDictionary" or "IReadOnlyDictionary" or "Dictionary", Arity: 2 }) is { } map)
        {
            // The keys of a JSON object are texts.
            var key = isResult ? "str" : Hint(map.TypeArguments[0], isResult, depth - 1);
            return $"dict[{key}, {Hint(map.TypeArguments[1], isResult, depth - 1)}]";
        }
        return shapes.FirstOrDefault(shape => shape is { Name: "IEnumerable", Arity: 1 }) is { } list
            ? $"list[{Hint(list.TypeArguments[0], isResult, depth - 1)}]"
            : null;
    }

    private static string Other(INamedTypeSymbol type) =>
        type.TypeKind is TypeKind.Class or TypeKind.Struct && Symbols.DottedName(type.ContainingNamespace) != "System" ? $"dict[str, {Any}]" : Any;

    /// <summary>Names, or numbers where the program has reflection off and no converter for the type.</summary>
    private static string Enumeration(INamedTypeSymbol type)
    {
        var members = type.GetMembers().OfType<IFieldSymbol>().Where(field => field.HasConstantValue).Select(field => DefaultValue.Text(field.Name)).ToList();
        var isFlags = type.GetAttributes().Any(attribute => Symbols.Is(attribute.AttributeClass, "System.FlagsAttribute"));
        return isFlags || members.Count is 0 or > MostEnumMembers ? "str | int" : $"_typing.Literal[{string.Join(", ", members)}] | int";
    }
}
