namespace Celeriac.Protocol;

/// <summary>Which Python exception a .NET exception is to a Python caller (CELERY-PROTOCOL section 12.3).</summary>
internal static class ExceptionNames
{
    private const string Builtins = "builtins";
    private const string CeleryExceptions = "celery.exceptions";

    /// <summary>
    /// The class and module: those of its <see cref="CeleryExceptionAttribute"/>, if it has one. The runtime's own exceptions, derived ones included, become Python's; any other keeps its name and namespace, of which Python makes a class.
    /// </summary>
    public static (string Type, string? Module) Of(Exception error) => Chosen(error) ?? error switch
    {
        TaskArgumentException => ("TypeError", Builtins),
        TaskRejectException => ("Reject", CeleryExceptions),
        TaskIgnoreException => ("Ignore", CeleryExceptions),
        TaskRetryException => ("Retry", CeleryExceptions),
        _ when !IsOfTheRuntime(error) => OwnName(error),
        KeyNotFoundException => ("KeyError", Builtins),
        InvalidCastException => ("TypeError", Builtins),
        NotImplementedException => ("NotImplementedError", Builtins),
        FileNotFoundException or DirectoryNotFoundException => ("FileNotFoundError", Builtins),
        UnauthorizedAccessException => ("PermissionError", Builtins),
        IOException => ("OSError", Builtins),
        TimeoutException => ("TimeoutError", Builtins),
        DivideByZeroException => ("ZeroDivisionError", Builtins),
        OverflowException => ("OverflowError", Builtins),
        IndexOutOfRangeException => ("IndexError", Builtins),
        ArgumentException => ("ValueError", Builtins),
        _ => OwnName(error),
    };

    private static (string, string?)? Chosen(Exception error) =>
        Attribute.GetCustomAttribute(error.GetType(), typeof(CeleryExceptionAttribute)) is CeleryExceptionAttribute { Type.Length: > 0 } chosen ? (chosen.Type, chosen.Module) : null;

    private static bool IsOfTheRuntime(Exception error) =>
        error.GetType().Namespace is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal));

    private static (string, string?) OwnName(Exception error)
    {
        var type = error.GetType();
        var arity = type.Name.IndexOf('`', StringComparison.Ordinal);
        return (arity < 0 ? type.Name : type.Name[..arity], type.Namespace);
    }
}
