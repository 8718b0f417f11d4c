using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Celeriac.Generators.Analyzers;

/// <summary>CEL003: a public task takes its name on the wire from the code.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ExplicitNameAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Diagnostics.MissingName];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterSymbolAction(Analyze, SymbolKind.Method);
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var method = (IMethodSymbol)context.Symbol;
        if (Symbols.IsPublic(method) && Symbols.TaskAttributeOf(method) is { } attribute && TaskNames.ExplicitName(attribute) is null)
        {
            context.ReportDiagnostic(Diagnostic.Create(Diagnostics.MissingName, method.Locations[0], method.Name, TaskNames.WireName(method, attribute)));
        }
    }
}
