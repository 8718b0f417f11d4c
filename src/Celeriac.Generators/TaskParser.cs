using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Generators;

/// <summary>Symbols → model: reads one method with [Task].</summary>
internal static class TaskParser
{
    public static ParsedTask Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellationToken)
    {
        if (context.TargetSymbol is not IMethodSymbol method)
        {
            return new(null, default, null);
        }
        var attribute = context.Attributes[0];
        var identifier = Place.Of(method.Locations[0]);
        var options = AttributeReader.Read(method, attribute, identifier, cancellationToken);
        var faults = new List<Fault>(MethodShape.Faults(method, identifier));
        faults.AddRange(ContainerReader.Faults(method, attribute, identifier));
        faults.AddRange(options.Faults);
        var place = new TaskPlace(
            Symbols.DottedName(method), TaskNames.WireName(method, attribute), options.NamePlace,
            Symbols.DottedName(method.ContainingSymbol), TaskNames.Handle(method, attribute), identifier);
        return faults.Count > 0
            ? new(null, faults.ToEquatableArray(), place)
            : new(Model(method, attribute, options.Assignments, context.TargetNode), default, place);
    }

    private static TaskModel Model(IMethodSymbol method, AttributeData attribute, EquatableArray<string> options, SyntaxNode node) => new()
    {
        Container = ContainerReader.Read(method.ContainingType),
        Method = TaskNames.Escape(method.Name),
        DocumentationId = method.GetDocumentationCommentId() ?? "",
        WireName = TaskNames.WireName(method, attribute),
        Handle = TaskNames.Handle(method, attribute),
        Accessibility = SyntaxFacts.GetText(method.DeclaredAccessibility),
        IsAwaited = MethodShape.IsAwaited(method.ReturnType),
        ResultType = MethodShape.ResultType(method) is { } result ? Symbols.Qualified(result) : null,
        Summary = SummaryReader.Read(node),
        PythonResult = PythonHints.Result(MethodShape.ResultType(method)),
        Parameters = method.Parameters.Select(Parameter).ToEquatableArray(),
        Options = options,
        SendsKeywords = TaskNames.SendsKeywords(attribute),
        Instance = method.IsStatic || MethodShape.IsElsewhere(method) ? null : InstanceReader.Read(method.ContainingType),
        Hooks = attribute.NamedArguments.FirstOrDefault(argument => argument.Key == "Hooks").Value.Value is INamedTypeSymbol hooks && !MethodShape.IsElsewhere(method)
            ? InstanceReader.Read(hooks)
            : null,
        PartialDeclaration = MethodShape.IsElsewhere(method) ? PartialDeclaration((MethodDeclarationSyntax)node, method) : null,
    };

    private static ParameterModel Parameter(IParameterSymbol parameter)
    {
        var element = parameter is { IsParams: true, Type: IArrayTypeSymbol array } ? array.ElementType : parameter.Type;
        var hint = PythonHints.Argument(element);
        var pythonDefault = parameter.HasExplicitDefaultValue ? PythonDefault.Write(parameter) : null;
        return new(
            TaskNames.Escape(parameter.Name),
            Symbols.Qualified(parameter.Type),
            Symbols.Qualified(element),
            parameter.Type.ToDisplayString(Symbols.Short),
            MethodShape.KindOf(parameter),
            parameter.HasExplicitDefaultValue ? DefaultValue.Write(parameter) : null,
            parameter.Type.NullableAnnotation is NullableAnnotation.Annotated,
            pythonDefault == "None" ? PythonHints.OrNone(hint) : hint,
            pythonDefault);
    }

    /// <summary>The modifiers as the user wrote them (both halves of a partial method must agree), with the async that the generated body needs.</summary>
    private static string PartialDeclaration(MethodDeclarationSyntax declaration, IMethodSymbol method)
    {
        var modifiers = declaration.Modifiers.Where(modifier => !modifier.IsKind(SyntaxKind.PartialKeyword)).Select(modifier => modifier.Text);
        return $"{string.Join(" ", modifiers)} async partial {Symbols.Qualified(method.ReturnType)} {TaskNames.Escape(method.Name)}";
    }
}
