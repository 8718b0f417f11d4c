using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Celeriac.Architecture.Tests;

/// <summary>Writes down what a package offers: a type a paragraph, a member a line, in the order of the alphabet.</summary>
internal static class PublicApi
{
    private static readonly SymbolDisplayFormat MemberFormat = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints | SymbolDisplayGenericsOptions.IncludeVariance,
        memberOptions: SymbolDisplayMemberOptions.IncludeAccessibility | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeRef | SymbolDisplayMemberOptions.IncludeConstantValue,
        parameterOptions: SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeDefaultValue
            | SymbolDisplayParameterOptions.IncludeExtensionThis | SymbolDisplayParameterOptions.IncludeParamsRefOut,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        kindOptions: SymbolDisplayKindOptions.IncludeMemberKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers | SymbolDisplayMiscellaneousOptions.AllowDefaultLiteral);

    private static readonly SymbolDisplayFormat TypeFormat = MemberFormat
        .WithKindOptions(SymbolDisplayKindOptions.None)
        .WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    public static string Render(string package)
    {
        var compilation = CSharpCompilation.Create("api", references: SourceProject.References());
        var text = new StringBuilder();
        foreach (var type in TypesOf(compilation, package).OrderBy(type => type.ToDisplayString(), StringComparer.Ordinal))
        {
            text.Append(Header(type)).Append('\n');
            foreach (var line in Members(type))
            {
                text.Append("    ").Append(line).Append('\n');
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    // Constructors first, then by name, so that a changed return type stays a change of one line; enum members by value.
    private static IEnumerable<string> Members(INamedTypeSymbol type) => type.GetMembers().Where(IsOffered)
        .Select(member => (Symbol: member, Line: Line(member)))
        .OrderBy(member => member.Symbol is not IMethodSymbol { MethodKind: MethodKind.Constructor })
        .ThenBy(member => member.Symbol is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } value ? Convert.ToInt64(value.ConstantValue, CultureInfo.InvariantCulture) : 0)
        .ThenBy(member => member.Symbol.Name, StringComparer.Ordinal)
        .ThenBy(member => member.Line, StringComparer.Ordinal)
        .Select(member => member.Line);

    /// <summary>The types of an assembly that another assembly can name.</summary>
    public static IEnumerable<INamedTypeSymbol> TypesOf(CSharpCompilation compilation, string package)
    {
        var assembly = compilation.SourceModule.ReferencedAssemblySymbols.Single(symbol => symbol.Name == package);
        return Nested(assembly.GlobalNamespace);
    }

    private static IEnumerable<INamedTypeSymbol> Nested(INamespaceOrTypeSymbol owner) =>
        owner.GetMembers().OfType<INamespaceOrTypeSymbol>()
            .SelectMany(member => member is INamedTypeSymbol type ? (IsVisible(type) ? [type, .. Nested(type)] : []) : Nested(member));

    private static string Header(INamedTypeSymbol type)
    {
        var space = type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString() + ".";
        if (type.TypeKind == TypeKind.Delegate)
        {
            return $"delegate {type.DelegateInvokeMethod!.ReturnType.ToDisplayString(TypeFormat)} {space}{type.ToDisplayString(TypeFormat)}({string.Join(", ", type.DelegateInvokeMethod.Parameters.Select(parameter => parameter.ToDisplayString(MemberFormat)))})";
        }
        var bases = new[] { type.BaseType }
            .Where(ancestor => ancestor is not null && ancestor.SpecialType is SpecialType.None)
            .Concat(type.Interfaces.Where(item => !(type.IsRecord && item.Name == "IEquatable")).OrderBy(item => item.Name, StringComparer.Ordinal))
            .Select(item => item!.ToDisplayString(TypeFormat))
            .ToList();
        return $"{Kind(type)} {space}{type.ToDisplayString(TypeFormat)}{(bases.Count == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    private static string Kind(INamedTypeSymbol type) => type.TypeKind switch
    {
        TypeKind.Interface => "interface",
        TypeKind.Enum => "enum",
        TypeKind.Struct => (type.IsReadOnly ? "readonly " : "") + (type.IsRefLikeType ? "ref " : "") + (type.IsRecord ? "record struct" : "struct"),
        _ => (type.IsStatic ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") + (type.IsRecord ? "record" : "class"),
    };

    private static string Line(ISymbol member) => member is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } value
        ? $"{value.Name} = {value.ConstantValue}"
        : (member is IPropertySymbol { IsRequired: true } ? "required " : "") + member.ToDisplayString(MemberFormat);

    // What the compiler adds to a record is not written by anybody, so it is not listed; accessors are part of their property.
    private static bool IsOffered(ISymbol member) =>
        member is not INamedTypeSymbol
        && IsVisible(member)
        && !(member is IFieldSymbol { Name: "value__" })
        && !member.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "CompilerGeneratedAttribute")
        && !(member is IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet or MethodKind.EventAdd or MethodKind.EventRemove })
        && !(member is IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.Length: 0, ContainingType.TypeKind: TypeKind.Struct or TypeKind.Enum });

    private static bool IsVisible(ISymbol symbol) =>
        symbol.DeclaredAccessibility is Accessibility.Public
        || (symbol.DeclaredAccessibility is Accessibility.Protected or Accessibility.ProtectedOrInternal && symbol.ContainingType is not { IsSealed: true });
}
