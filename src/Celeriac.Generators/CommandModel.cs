namespace Celeriac.Generators;

/// <summary>What the parser found at one [ControlCommand] or [InspectCommand].</summary>
internal sealed record ParsedCommand(CommandModel? Command, EquatableArray<Fault> Faults, string Name, string Method, Place Place);

/// <summary>A method that is a remote control command. All names and types are ready to be written.</summary>
/// <param name="Name">The command's name.</param>
/// <param name="IsInspect">True where it only looks.</param>
/// <param name="IsPublic">True when another assembly sees the method.</param>
/// <param name="Target">The method with its type, fully qualified.</param>
/// <param name="IsAwaited">True for Task and ValueTask.</param>
/// <param name="ResultType">Null where the method returns nothing.</param>
/// <param name="Parameters">Its parameters.</param>
internal sealed record CommandModel(string Name, bool IsInspect, bool IsPublic, string Target, bool IsAwaited, string? ResultType, EquatableArray<CommandParameterModel> Parameters);

/// <summary>A parameter of a command.</summary>
/// <param name="Name">The name; a keyword has its @.</param>
/// <param name="WireName">The name without it.</param>
/// <param name="Type">The type, fully qualified.</param>
/// <param name="Kind">How it takes its value.</param>
/// <param name="Default">What it is when the request leaves it out, as C#; null where it must not.</param>
internal sealed record CommandParameterModel(string Name, string WireName, string Type, ParameterKind Kind, string? Default);
