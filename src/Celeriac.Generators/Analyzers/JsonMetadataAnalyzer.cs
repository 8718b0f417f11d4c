using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Celeriac.Generators.Analyzers;

/// <summary>CEL005: a type travels with a task or a control command, JSON reflection is switched off, and no JsonSerializerContext lists the type.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class JsonMetadataAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Diagnostics.MissingJsonMetadata];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterCompilationStartAction(static start =>
        {
            if (IsReflectionOff(start.Options.AnalyzerConfigOptionsProvider.GlobalOptions))
            {
                var known = new Lazy<JsonMetadata>(() => JsonMetadata.Of(start.Compilation, start.CancellationToken));
                start.RegisterSymbolAction(symbol => Analyze(symbol, known), SymbolKind.Method);
            }
        });
    }

    /// <summary>As MSBuild decides it: the switch where it is set, else native publishing turns reflection off.</summary>
    private static bool IsReflectionOff(AnalyzerConfigOptions options) =>
        IsTrue(options, "PublishAot") ? !IsTrue(options, "JsonSerializerIsReflectionEnabledByDefault") : IsFalse(options, "JsonSerializerIsReflectionEnabledByDefault");

    private static bool IsTrue(AnalyzerConfigOptions options, string property) =>
        options.TryGetValue($"build_property.{property}", out var value) && value.Equals("true", StringComparison.OrdinalIgnoreCase);

    private static bool IsFalse(AnalyzerConfigOptions options, string property) =>
        options.TryGetValue($"build_property.{property}", out var value) && value.Equals("false", StringComparison.OrdinalIgnoreCase);

    private static void Analyze(SymbolAnalysisContext context, Lazy<JsonMetadata> known)
    {
        var method = (IMethodSymbol)context.Symbol;
        if (Symbols.TaskAttributeOf(method) is null && !Symbols.IsCommand(method))
        {
            return;
        }
        foreach (var parameter in method.Parameters.Where(parameter => !CommandParser.IsContext(parameter) && MethodShape.KindOf(parameter) is not (ParameterKind.Context or ParameterKind.Cancellation)))
        {
            var type = parameter is { IsParams: true, Type: IArrayTypeSymbol rest } ? rest.ElementType : parameter.Type;
            Check(context, known.Value, type, $"the type of parameter '{parameter.Name}'", Syntax<ParameterSyntax>(parameter, context)?.Type, parameter);
        }
        // A command's answer that is JSON already is passed on as it is.
        if (MethodShape.ResultType(method) is { } result && !(Symbols.IsCommand(method) && IsJson(result)))
        {
            Check(context, known.Value, result, "the result", Syntax<MethodDeclarationSyntax>(method, context)?.ReturnType, method);
        }
    }

    private static bool IsJson(ITypeSymbol? type) => type is not null && (Symbols.Is(type, "System.Text.Json.Nodes.JsonNode") || IsJson(type.BaseType));

    private static void Check(SymbolAnalysisContext context, JsonMetadata known, ITypeSymbol type, string role, SyntaxNode? syntax, ISymbol symbol)
    {
        if (type.TypeKind is not (TypeKind.Error or TypeKind.Dynamic) && !known.Covers(type))
        {
            var name = type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
            var method = symbol as IMethodSymbol ?? (IMethodSymbol)symbol.ContainingSymbol;
            var owner = $"{(Symbols.IsCommand(method) ? "command" : "task")} '{method.Name}'";
            context.ReportDiagnostic(Diagnostic.Create(Diagnostics.MissingJsonMetadata, syntax?.GetLocation() ?? symbol.Locations[0], name, role, owner));
        }
    }

    private static T? Syntax<T>(ISymbol symbol, SymbolAnalysisContext context) where T : SyntaxNode =>
        symbol.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(context.CancellationToken) as T;
}
