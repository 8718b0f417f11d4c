using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Celeriac.Generators.Analyzers;

/// <summary>CEL008: a task is sent and nobody waits to learn whether the broker took it.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UnawaitedDelayAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Diagnostics.UnawaitedDelay];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.EnableConcurrentExecution();
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.RegisterOperationAction(Analyze, OperationKind.Invocation);
    }

    private static void Analyze(OperationAnalysisContext context)
    {
        var invocation = (IInvocationOperation)context.Operation;
        if (!Sends(invocation.TargetMethod))
        {
            return;
        }
        var whole = Whole(invocation);
        if (whole.Parent is IExpressionStatementOperation)
        {
            context.ReportDiagnostic(Diagnostic.Create(Diagnostics.UnawaitedDelay, invocation.Syntax.GetLocation(), Shorten(invocation)));
        }
    }

    private static bool Sends(IMethodSymbol method) =>
        method.Name is "DelayAsync" or "DelayManyAsync" && method.ContainingType.BaseType is { Arity: 1 } handle && Symbols.DottedName(handle) == "Celeriac.TaskHandle";

    /// <summary>The expression with what only passes the value on: <c>?.</c>, ConfigureAwait, AsTask.</summary>
    private static IOperation Whole(IOperation operation) => operation.Parent switch
    {
        IConditionalAccessOperation access => Whole(access),
        IInvocationOperation { TargetMethod.Name: "ConfigureAwait" or "AsTask" or "Preserve" } next => Whole(next),
        _ => operation,
    };

    /// <summary>The call without its arguments, which may be long and are nobody's business.</summary>
    private static string Shorten(IInvocationOperation invocation)
    {
        var text = invocation.Syntax.ToString();
        var method = invocation.TargetMethod.Name;
        return $"{text.Substring(0, text.LastIndexOf(method, StringComparison.Ordinal)).Trim()}{method}(…)";
    }
}
