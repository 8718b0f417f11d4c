namespace Celeriac;

/// <summary>A remote control command of your own, for <see cref="CeleriacBuilder.AddControlCommands"/>. Generated code makes it from a method with <see cref="ControlCommandAttribute"/>.</summary>
/// <param name="Name">The command's name.</param>
/// <param name="IsInspect">True where it only looks, so that <see cref="WorkerOptions.ControlCommands"/> allows it as <c>inspect</c>.</param>
/// <param name="Handler">What is run.</param>
public sealed record ControlCommandDefinition(string Name, bool IsInspect, ControlCommandHandler Handler);
