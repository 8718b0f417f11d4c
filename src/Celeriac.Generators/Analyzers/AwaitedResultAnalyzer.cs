using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Celeriac.Generators.Analyzers;

/// <summary>CEL007: a task waits for the result of another one, or calls the method of one that runs elsewhere, which waits too.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AwaitedResultAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Diagnostics.AwaitedResult];

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
        if (AwaitedBy(invocation.TargetMethod) is not { } awaited)
        {
            return;
        }
        // A lambda or local function inside a task runs as part of it.
        for (var method = context.ContainingSymbol as IMethodSymbol; method is not null; method = method.ContainingSymbol as IMethodSymbol)
        {
            if (Symbols.TaskAttributeOf(method) is not null)
            {
                context.ReportDiagnostic(Diagnostic.Create(Diagnostics.AwaitedResult, NameOf(invocation).GetLocation(), method.Name, awaited));
                return;
            }
        }
    }

    /// <summary>What a call of the method waits for; null where it waits for no task.</summary>
    private static string? AwaitedBy(IMethodSymbol method) =>
        method.Name is "GetAsync" or "GetJsonAsync" or "WaitAsync" && Symbols.DottedName(method.ContainingType) == "Celeriac.AsyncResult" ? "another task's result"
        : Symbols.IsSent(method) ? $"task '{method.Name}', which runs elsewhere,"
        : null;

    private static SyntaxNode NameOf(IInvocationOperation invocation) => invocation.Syntax is InvocationExpressionSyntax { Expression: var called }
        ? called switch
        {
            MemberAccessExpressionSyntax access => access.Name,
            MemberBindingExpressionSyntax binding => binding.Name,
            _ => called,
        }
        : invocation.Syntax;
}
