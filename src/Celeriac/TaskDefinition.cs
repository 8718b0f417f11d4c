using System.Text.Json;

namespace Celeriac;

/// <summary>Runs a task's method with bound arguments and answers its result as JSON. Written by the source generator.</summary>
public delegate ValueTask<ReadOnlyMemory<byte>> TaskInvoker(TaskInvocation invocation);

/// <summary>How a parameter takes its value.</summary>
public enum TaskParameterKind
{
    /// <summary>A value must be given.</summary>
    Required,
    /// <summary>The method's default applies where no value is given.</summary>
    Optional,
    /// <summary>A <c>params</c> array: takes all remaining positional arguments (Python's <c>*args</c>).</summary>
    Rest,
}

/// <summary>A parameter that travels.</summary>
/// <param name="Name">The C# name; on the wire its snake_case form is accepted too.</param>
/// <param name="Kind">How it takes its value.</param>
/// <param name="TypeName">The C# type, for error texts.</param>
/// <param name="PythonType">What a Python caller may give, as a type hint; null for anything. Of a <c>params</c> array each element's.</param>
/// <param name="PythonDefault">The default as Python, for a reader; null where there is none, or none that can be written.</param>
public sealed record TaskParameter(string Name, TaskParameterKind Kind, string TypeName, string? PythonType = null, string? PythonDefault = null)
{
    /// <summary>True where it takes a <see cref="FailedTask"/>: an errback that begins with it is called with all that is known of the failure.</summary>
    public bool IsFailedTask { get; init; }

    /// <summary>The name as Python writes it: <c>orderId</c> is <c>order_id</c>.</summary>
    internal string SnakeName { get; } = JsonNamingPolicy.SnakeCaseLower.ConvertName(Name);
}

/// <summary>A registered task: its name, defaults and generated invoker.</summary>
public sealed class TaskDefinition
{
    /// <summary>The name on the wire.</summary>
    public required string Name { get; init; }

    /// <summary>The C# method, as <c>Namespace.Class.Method</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The parameters that travel, in order.</summary>
    public required IReadOnlyList<TaskParameter> Parameters { get; init; }

    /// <summary>Runs the method; null for a task that lives elsewhere (a body-less partial method).</summary>
    public required TaskInvoker? Invoker { get; init; }

    /// <summary>What a Python caller gets as the result, as a type hint; null for anything.</summary>
    public string? PythonResult { get; init; }

    /// <summary>The summary of the method's XML documentation as plain text; null where there is none. The Python side (<c>stubs</c>) shows it.</summary>
    public string? Summary { get; init; }

    /// <summary>The declaration's options.</summary>
    public TaskOptions Options { get; init; } = TaskOptions.Default;

    /// <summary>Makes the object whose methods are called beside a run; null for none. Written by the source generator for <see cref="TaskAttribute.Hooks"/>.</summary>
    public Func<TaskInvocation, ITaskHooks>? Hooks { get; init; }

    /// <summary>True when the method is synchronous: it runs on a thread of its own, not on the pool.</summary>
    public bool IsSynchronous { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
