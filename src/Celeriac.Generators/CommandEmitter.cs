using Microsoft.CodeAnalysis.Text;

namespace Celeriac.Generators;

/// <summary>Model → the list of the assembly's remote control commands: each reads its arguments by name, calls the method and answers its result.</summary>
internal static class CommandEmitter
{
    private const string Answer = "global::Celeriac.ControlCommandContext.Answer";

    public static SourceText Emit(SourceBuilder source, RegistrationModel model)
    {
        // The author of an obsolete command knows it.
        source.Line("#pragma warning disable CS0612, CS0618").Line();
        source.Line($"namespace {model.Namespace};").Line();
        source.Line("/// <summary>Every remote control command of this assembly.</summary>");
        source.Line($"{(model.Commands.Any(command => command.IsPublic) ? "public" : "internal")} static class CeleriacControlCommands").Open();
        source.Line("/// <summary>Every remote control command of this assembly, for <c>AddControlCommands</c>.</summary>");
        source.Line("public static global::System.Collections.Generic.IReadOnlyList<global::Celeriac.ControlCommandDefinition> All { get; } =").Open("[");
        foreach (var command in model.Commands)
        {
            Command(source, command);
        }
        return source.Close("];").Close().ToSourceText();
    }

    private static void Command(SourceBuilder source, CommandModel command)
    {
        var names = command.Parameters.Select(parameter => parameter.Name).ToList();
        var call = TaskNames.Free("call", names);
        var stop = TaskNames.Free("stop", names);
        source.Line($"new({DefaultValue.Text(command.Name)}, {(command.IsInspect ? "true" : "false")}, static {(command.IsAwaited ? "async " : "")}({call}, {stop}) =>").Open();
        foreach (var parameter in command.Parameters.Where(parameter => parameter.Kind is ParameterKind.Required or ParameterKind.Optional))
        {
            var name = DefaultValue.Text(parameter.WireName);
            var read = parameter.Default is null ? $"Get<{parameter.Type}>({name})" : $"GetOr<{parameter.Type}>({name}, {parameter.Default})";
            source.Line($"var {parameter.Name} = {call}.{read};");
        }
        var arguments = command.Parameters.Select(parameter => parameter.Kind switch
        {
            ParameterKind.Context => call,
            ParameterKind.Cancellation => stop,
            _ => parameter.Name,
        });
        Run(source, command, $"{command.Target}({string.Join(", ", arguments)})");
        source.Close("}),");
    }

    private static void Run(SourceBuilder source, CommandModel command, string call)
    {
        var awaited = command.IsAwaited ? $"await {call}.ConfigureAwait(false)" : call;
        if (command.ResultType is null)
        {
            source.Line($"{awaited};");
        }
        var answer = command.ResultType is { } type ? $"{Answer}<{type}>({awaited})" : "null";
        source.Line(command.IsAwaited ? $"return {answer};" : $"return new((global::System.Text.Json.Nodes.JsonNode?){answer});");
    }
}
