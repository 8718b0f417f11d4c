namespace Celeriac;

/// <summary>
/// Makes a static method a remote control command that changes something, as Celery's decorator <c>control_command</c> does. The generated <c>AddTasks()</c> registers it.
/// Its parameters are read from the request's arguments by name, as written or in snake_case; those that are nullable or have a default may be left out.
/// A <see cref="ControlCommandContext"/> and a <see cref="CancellationToken"/> are injected.
/// </summary>
/// <param name="name">The command's name. One with the name of a command of Celery's replaces it.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ControlCommandAttribute(string name) : Attribute
{
    /// <summary>The command's name.</summary>
    public string Name { get; } = name;
}

/// <summary>
/// Makes a static method a remote control command that only looks, as Celery's decorator <c>inspect_command</c> does: <see cref="WorkerOptions.ControlCommands"/>
/// allows it as <c>inspect</c>. In all else it is as <see cref="ControlCommandAttribute"/>.
/// </summary>
/// <param name="name">The command's name. One with the name of a command of Celery's replaces it.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class InspectCommandAttribute(string name) : Attribute
{
    /// <summary>The command's name.</summary>
    public string Name { get; } = name;
}
