using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>Which methods can be tasks, and how their parameters and results take part.</summary>
internal static class MethodShape
{
    public static IEnumerable<Fault> Faults(IMethodSymbol method, Place identifier) =>
        Objections(method).Take(1).Select(objection => Fault.Of(Diagnostics.UnsupportedMethod, identifier, method.Name, objection.Reason, objection.Cure));

    /// <summary>What keeps a message from calling the method.</summary>
    public static IEnumerable<(string Reason, string Cure)> Objections(IMethodSymbol method) =>
        MethodObjections(method).Concat(TypeObjections(method)).Concat(ResultObjections(method)).Concat(method.Parameters.SelectMany(ParameterObjections));

    /// <summary>True for a partial method without a body: the task runs elsewhere, and the generator writes a body that sends it.</summary>
    public static bool IsElsewhere(IMethodSymbol method) => method is { IsPartialDefinition: true, PartialImplementationPart: null };

    /// <summary>True for Task and ValueTask, with or without a result.</summary>
    public static bool IsAwaited(ITypeSymbol type) =>
        type is INamedTypeSymbol { Arity: <= 1, Name: "Task" or "ValueTask" } && Symbols.DottedName(type.ContainingNamespace) == "System.Threading.Tasks";

    /// <summary>The type that travels back, or null where the method returns nothing.</summary>
    public static ITypeSymbol? ResultType(IMethodSymbol method) =>
        method.ReturnsVoid ? null
        : IsAwaited(method.ReturnType) ? ((INamedTypeSymbol)method.ReturnType).TypeArguments.FirstOrDefault()
        : method.ReturnType;

    public static ParameterKind KindOf(IParameterSymbol parameter) =>
        Symbols.Is(parameter.Type, "Celeriac.TaskContext") ? ParameterKind.Context
        : Symbols.Is(parameter.Type, "System.Threading.CancellationToken") ? ParameterKind.Cancellation
        : parameter.IsParams ? ParameterKind.Rest
        : parameter.HasExplicitDefaultValue ? ParameterKind.Optional
        : ParameterKind.Required;

    private static IEnumerable<(string Reason, string Cure)> MethodObjections(IMethodSymbol method)
    {
        if (method.MethodKind is not MethodKind.Ordinary)
        {
            yield return ("it is " + Describe(method.MethodKind), "Put [Task] on an ordinary method");
        }
        if (method.IsGenericMethod)
        {
            yield return ("it is generic, and a message names no types", "Write one method per type");
        }
        if (method.IsExtensionMethod || method.ContainingType.Name.Length == 0)
        {
            yield return ("it is an extension method", "Make it an ordinary method");
        }
        if (method.IsAbstract)
        {
            yield return ("it is abstract", "Put [Task] on the method that has the body");
        }
        if (method.IsVararg)
        {
            yield return ("it takes __arglist", "Take an array");
        }
        if (!Symbols.IsInternal(method))
        {
            yield return ("the code that registers tasks cannot see it", "Make the method and the types around it internal or public");
        }
    }

    private static IEnumerable<(string Reason, string Cure)> TypeObjections(IMethodSymbol method)
    {
        if (method.ContainingType.TypeKind is TypeKind.Interface)
        {
            yield return ("it is in an interface", "Put [Task] on the class that implements it");
        }
        if (method.ContainingType.IsRefLikeType && !method.IsStatic)
        {
            yield return ("it is an instance method of a ref struct", "Make it static or its type a class");
        }
        foreach (var type in Symbols.ContainingTypes(method))
        {
            if (type.Arity > 0)
            {
                yield return ($"its type '{type.Name}' is generic, and a message names no types", "Move the method to a type that is not generic");
            }
            if (type.IsFileLocal)
            {
                yield return ($"its type '{type.Name}' is local to one file", "Make the type internal");
            }
        }
    }

    private static IEnumerable<(string Reason, string Cure)> ResultObjections(IMethodSymbol method)
    {
        if (method is { IsAsync: true, ReturnsVoid: true })
        {
            yield return ("it is async void, so nobody can tell when it ends", "Return Task");
        }
        if (method.ReturnsByRef || method.ReturnsByRefReadonly || CannotTravel(method.ReturnType))
        {
            yield return ("its result cannot be put into a message", "Return a plain value");
        }
        if (method.ReturnType.OriginalDefinition is INamedTypeSymbol { Name: "IAsyncEnumerable" or "IAsyncEnumerator", Arity: 1 })
        {
            yield return ("it returns a stream, and a task has one result", "Return Task of a list");
        }
        if (IsElsewhere(method) && !IsAwaited(method.ReturnType))
        {
            yield return ("it runs in another process, so its result must be awaited", "Return Task or ValueTask");
        }
    }

    private static IEnumerable<(string Reason, string Cure)> ParameterObjections(IParameterSymbol parameter)
    {
        if (parameter.RefKind is not RefKind.None)
        {
            yield return ($"parameter '{parameter.Name}' is passed by reference, and messages carry values", "Take a value and return the result");
        }
        if (CannotTravel(parameter.Type))
        {
            var type = parameter.Type.ToDisplayString(Symbols.Short);
            yield return ($"parameter '{parameter.Name}' of type '{type}' cannot be put into a message", "Take an array or a plain value");
        }
        if (parameter is { IsParams: true, Type: not IArrayTypeSymbol })
        {
            yield return ($"params parameter '{parameter.Name}' is no array", "Make it an array");
        }
        if (parameter is { IsParams: true, ContainingSymbol: IMethodSymbol task } && Symbols.TaskAttributeOf(task) is { } attribute && TaskNames.SendsKeywords(attribute))
        {
            yield return ($"params parameter '{parameter.Name}' has no name to be sent by, and Keywords = true sends every argument by name", "Take an array without params, or leave Keywords out");
        }
        if (parameter.ContainingSymbol is IMethodSymbol method && IsElsewhere(method) && KindOf(parameter) is ParameterKind.Context)
        {
            yield return ($"it runs in another process and has no use for parameter '{parameter.Name}'", "Leave the TaskContext out");
        }
    }

    private static bool CannotTravel(ITypeSymbol type) => type.IsRefLikeType || type.TypeKind is TypeKind.Pointer or TypeKind.FunctionPointer;

    private static string Describe(MethodKind kind) => kind switch
    {
        MethodKind.LocalFunction => "a local function",
        MethodKind.AnonymousFunction => "a lambda",
        MethodKind.UserDefinedOperator or MethodKind.Conversion => "an operator",
        MethodKind.PropertyGet or MethodKind.PropertySet => "a property accessor",
        MethodKind.EventAdd or MethodKind.EventRemove => "an event accessor",
        MethodKind.ExplicitInterfaceImplementation => "an explicit interface implementation",
        _ => "no ordinary method",
    };
}
