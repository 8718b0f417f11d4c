using System.ComponentModel;

namespace Celeriac;

/// <summary>
/// Marks the generated body of a body-less task: calling the method sends the task and waits for its result. The analyzers look for it, also in
/// referenced assemblies. Written by the source generator.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class RunsElsewhereAttribute : Attribute;
