using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Celeriac.Generators;

/// <summary>
/// Every diagnostic. Ids are fixed by hand and never reused. Errors are reported by the generator, so that the compiler stops at them instead of
/// at the missing handle; warnings are reported by analyzers, so that #pragma and .editorconfig can silence them.
/// </summary>
internal static class Diagnostics
{
    private const string Category = "Celeriac";
    private const string HelpPages = "docs/diagnostics/";

    public static readonly DiagnosticDescriptor UnsupportedMethod = Error(
        "CEL001", "Unsupported task method", "'{0}' cannot be a task: {1}. {2}.");

    public static readonly DiagnosticDescriptor DuplicateName = Error(
        "CEL002", "Two tasks have one name", "Task name '{0}' of '{1}' is already the name of '{2}'. Give one of them another name in its [Task] attribute.");

    public static readonly DiagnosticDescriptor MissingName = Warning(
        "CEL003", "Public task without a name of its own",
        "Task '{0}' takes its name '{1}' from the code, so renaming it would strand queued messages and other callers. Write [Task(\"{1}\")] or a name you prefer.");

    public static readonly DiagnosticDescriptor BadLiteral = Error(
        "CEL004", "Task attribute value out of range", "{0} of task '{1}' is {2}, but {3}. {4}.");

    public static readonly DiagnosticDescriptor MissingJsonMetadata = Warning(
        "CEL005", "Type has no JSON metadata",
        "'{0}', {1} of {2}, has no JSON metadata, and this project has JSON reflection switched off. Add [JsonSerializable(typeof({0}))] to a JsonSerializerContext and pass it to UseJson.");

    public static readonly DiagnosticDescriptor AwaitedResult = Warning(
        "CEL007", "Result awaited inside a task",
        "Task method '{0}' waits for {1} and holds its worker slot meanwhile; when every slot waits, nothing runs. Send the rest of the work as a task of its own, or chain the two.");

    public static readonly DiagnosticDescriptor UnawaitedDelay = Warning(
        "CEL008", "DelayAsync is not awaited",
        "'{0}' is not awaited, so nobody learns whether the broker took the task. Write 'await {0}'.");

    public static readonly DiagnosticDescriptor NotPartial = Error(
        "CEL016", "Task container is not partial", "The handle of task method '{0}' is generated into its type, but {1} {2} not partial. Add the word 'partial' to {3}.");

    public static readonly DiagnosticDescriptor HandleClash = Error(
        "CEL017", "Task handle name is taken", "Handle '{0}' of task method '{1}' clashes with {2}. Name it otherwise with [Task(Handle = \"…\")].");

    public static readonly DiagnosticDescriptor UnsupportedCommand = Error(
        "CEL018", "Unsupported control command", "'{0}' cannot be a control command: {1}. {2}.");

    private static DiagnosticDescriptor Error(string id, string title, string text) => New(id, title, text, DiagnosticSeverity.Error);

    private static DiagnosticDescriptor Warning(string id, string title, string text) => New(id, title, text, DiagnosticSeverity.Warning);

    private static DiagnosticDescriptor New(string id, string title, string text, DiagnosticSeverity severity) =>
        new(id, title, text, Category, severity, isEnabledByDefault: true, helpLinkUri: $"{HelpPages}{id}.md");
}

/// <summary>A stretch of source text, by value: a <see cref="Location"/> would keep its compilation alive.</summary>
internal sealed record Place(string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static Place Of(Location location) => new(location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);

    public Location ToLocation() => Location.Create(Path, Span, Lines);
}

/// <summary>A diagnostic to be reported, by value.</summary>
internal sealed record Fault(DiagnosticDescriptor Descriptor, Place Place, EquatableArray<string> Arguments)
{
    public static Fault Of(DiagnosticDescriptor descriptor, Place place, params string[] arguments) => new(descriptor, place, new(arguments));

    public Diagnostic ToDiagnostic() => Diagnostic.Create(Descriptor, Place.ToLocation(), [.. Arguments]);
}
