using Microsoft.CodeAnalysis;

namespace Celeriac.Generators;

/// <summary>Symbols → model: reads one method with [ControlCommand] or [InspectCommand].</summary>
internal static class CommandParser
{
    private const string Context = "Celeriac.ControlCommandContext";

    public static ParsedCommand Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellationToken)
    {
        var attribute = context.Attributes[0];
        var method = (IMethodSymbol)context.TargetSymbol;
        var name = TaskNames.ExplicitName(attribute) ?? "";
        var place = Place.Of(method.Locations[0]);
        var faults = Objections(method, name).Take(1)
            .Select(objection => Fault.Of(Diagnostics.UnsupportedCommand, place, method.Name, objection.Reason, objection.Cure)).ToEquatableArray();
        return new(faults.Count > 0 ? null : Model(method, attribute, name), faults, name, Symbols.DottedName(method), place);
    }

    /// <summary>Every fault: those of single commands, then names given twice.</summary>
    public static EquatableArray<Fault> Faults(EquatableArray<ParsedCommand> commands)
    {
        var twice = commands.Where(command => command.Name.Length > 0).GroupBy(command => command.Name, StringComparer.Ordinal)
            .SelectMany(group => group.Skip(1).Select(later => Fault.Of(
                Diagnostics.UnsupportedCommand, later.Place, later.Method.Split('.').Last(), $"'{later.Name}' is already the name of '{group.First().Method}'", "Give one of them another name")));
        return commands.SelectMany(command => command.Faults).Concat(twice).ToEquatableArray();
    }

    private static CommandModel Model(IMethodSymbol method, AttributeData attribute, string name) => new(
        name,
        Symbols.Is(attribute.AttributeClass, Symbols.InspectCommandAttribute),
        Symbols.IsPublic(method),
        $"{method.ContainingType.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)}.{TaskNames.Escape(method.Name)}",
        MethodShape.IsAwaited(method.ReturnType),
        MethodShape.ResultType(method) is { } result ? Symbols.Qualified(result) : null,
        method.Parameters.Select(Parameter).ToEquatableArray());

    private static CommandParameterModel Parameter(IParameterSymbol parameter) => new(
        TaskNames.Escape(parameter.Name),
        parameter.Name,
        Symbols.Qualified(parameter.Type),
        IsContext(parameter) ? ParameterKind.Context : MethodShape.KindOf(parameter),
        parameter.HasExplicitDefaultValue ? DefaultValue.Write(parameter)
            : parameter.Type.NullableAnnotation is NullableAnnotation.Annotated ? "null"
            : null);

    /// <summary>True for what the worker gives a command, and no request carries.</summary>
    public static bool IsContext(IParameterSymbol parameter) => Symbols.Is(parameter.Type, Context);

    private static IEnumerable<(string Reason, string Cure)> Objections(IMethodSymbol method, string name)
    {
        if (name.Length == 0)
        {
            yield return ("its name is empty", "Give it a name");
        }
        if (method is { MethodKind: MethodKind.Ordinary, IsStatic: false })
        {
            yield return ("it is an instance method, and a command has no object to be called on", "Make it static, and take what it needs from the Services of a ControlCommandContext");
        }
        if (MethodShape.IsElsewhere(method))
        {
            yield return ("it has no body", "Write one");
        }
        foreach (var (reason, cure) in MethodShape.Objections(method))
        {
            yield return (reason.Replace("registers tasks", "registers commands"), cure.Replace("[Task]", "the attribute"));
        }
        foreach (var parameter in method.Parameters)
        {
            if (parameter.IsParams)
            {
                yield return ($"params parameter '{parameter.Name}' has no name to be sent by", "Take an array without params");
            }
            if (Symbols.Is(parameter.Type, "Celeriac.TaskContext"))
            {
                yield return ($"parameter '{parameter.Name}' is a TaskContext, and a command belongs to no task", "Take a ControlCommandContext");
            }
        }
    }
}
