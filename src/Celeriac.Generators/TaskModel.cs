namespace Celeriac.Generators;

/// <summary>What the parser found at one [Task]: a task to write a handle for, or the faults that prevent it.</summary>
internal sealed record ParsedTask(TaskModel? Task, EquatableArray<Fault> Faults, TaskPlace? Place);

/// <summary>Where a task's name and method stand, for faults that only show beside other tasks.</summary>
internal sealed record TaskPlace(string Method, string WireName, Place WireNamePlace, string Container, string Handle, Place MethodPlace);

/// <summary>A type that holds tasks, with the types around it, outermost first.</summary>
/// <param name="Namespace">Its namespace; empty for the global one.</param>
/// <param name="Types">The declarations to repeat, for example <c>partial class MathTasks</c>.</param>
/// <param name="FullName">Namespace and types with dots, as a person writes it.</param>
/// <param name="Reference">How generated code names it: <c>global::Demo.MathTasks</c>.</param>
/// <param name="IsPublic">True when another assembly sees it.</param>
internal sealed record ContainerModel(string Namespace, EquatableArray<string> Types, string FullName, string Reference, bool IsPublic);

/// <summary>A container with its tasks and the file they go to.</summary>
internal sealed record ContainerFile(string HintName, ContainerModel Container, EquatableArray<TaskModel> Tasks);

/// <summary>A method that is a task. All names and types are ready to be written.</summary>
internal sealed record TaskModel
{
    public required ContainerModel Container { get; init; }
    public required string Method { get; init; }
    public required string DocumentationId { get; init; }
    public required string WireName { get; init; }
    public required string Handle { get; init; }
    public required string Accessibility { get; init; }
    public required bool IsAwaited { get; init; }
    /// <summary>Null where the method returns nothing.</summary>
    public required string? ResultType { get; init; }
    /// <summary>What its documentation says it does; null where there is none.</summary>
    public required string? Summary { get; init; }
    /// <summary>The result as a Python hint.</summary>
    public required string PythonResult { get; init; }
    public required EquatableArray<ParameterModel> Parameters { get; init; }
    /// <summary>The assignments of the TaskOptions that the attribute gave, for example <c>MaxRetries = 5</c>.</summary>
    public required EquatableArray<string> Options { get; init; }
    /// <summary>The expression that gets the object to call an instance method on; null for a static method.</summary>
    public required string? Instance { get; init; }
    /// <summary>The expression that gets the object of the task's hooks; null for none.</summary>
    public required string? Hooks { get; init; }
    /// <summary>True when arguments are sent by name.</summary>
    public required bool SendsKeywords { get; init; }
    /// <summary>The declaration of a body-less partial method, whose task lives elsewhere; else null.</summary>
    public required string? PartialDeclaration { get; init; }
}

internal enum ParameterKind
{
    Required,
    Optional,
    Rest,
    Context,
    Cancellation,
}

/// <summary>A parameter of a task method.</summary>
/// <param name="Name">The name; a keyword has its @.</param>
/// <param name="Type">The type, fully qualified.</param>
/// <param name="Element">The element type of a <c>params</c> array, else the type.</param>
/// <param name="DisplayType">The type as a person writes it.</param>
/// <param name="Kind">How it takes its value.</param>
/// <param name="Default">The default as C#; null where there is none.</param>
/// <param name="MayBeNull">True for a reference type with a question mark.</param>
/// <param name="PythonType">The type as a Python hint; of a <c>params</c> array its element's.</param>
/// <param name="PythonDefault">The default as Python; null where there is none.</param>
internal sealed record ParameterModel(
    string Name, string Type, string Element, string DisplayType, ParameterKind Kind, string? Default, bool MayBeNull, string PythonType, string? PythonDefault)
{
    public bool Travels => Kind is not (ParameterKind.Context or ParameterKind.Cancellation);
    public bool IsRest => Kind is ParameterKind.Rest;
}

/// <summary>A factory of transports or result stores that a referenced assembly declares, and the class it is registered with.</summary>
internal sealed record TransportModel(string Registry, string Scheme, string Factory);

/// <summary>The few facts about the whole compilation that the output depends on.</summary>
internal sealed record CompilationFacts(string AssemblyName, bool HasBuilder, EquatableArray<TransportModel> Transports);
