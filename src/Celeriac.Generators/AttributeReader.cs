using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Celeriac.Generators;

/// <summary>Reads what [Task(…)] says: the options to assign, and values that cannot be meant.</summary>
internal static class AttributeReader
{
    /// <summary>The longest TimeSpan, in whole seconds.</summary>
    private const double LongestSeconds = 922337203685;
    private const int LongestQueueName = 255;
    private const double LongestWindow = 315360000;

    public sealed record Reading(EquatableArray<string> Assignments, EquatableArray<Fault> Faults, Place NamePlace);

    public static Reading Read(IMethodSymbol method, AttributeData attribute, Place identifier, CancellationToken cancellationToken)
    {
        var syntax = (attribute.ApplicationSyntaxReference?.GetSyntax(cancellationToken) as AttributeSyntax)?.ArgumentList?.Arguments ?? default;
        var nameSyntax = syntax.FirstOrDefault(argument => argument.NameEquals is null);
        var namePlace = nameSyntax is null ? identifier : Place.Of(nameSyntax.GetLocation());

        var objections = attribute.NamedArguments.Select(argument => (Name: argument.Key, Objection: Objection(argument.Key, argument.Value, attribute) ?? ParametersObjection(method, argument.Key, argument.Value)));
        var faults = objections.Prepend((Name: "Name", Objection: NameObjection(attribute))).Where(pair => pair.Objection is not null).Select(pair => Fault.Of(
            Diagnostics.BadLiteral, PlaceOf(pair.Name), pair.Name, method.Name, pair.Objection!.Value, pair.Objection.Rule, pair.Objection.Cure));

        var assignments = attribute.NamedArguments.Select(argument => Assignment(argument.Key, argument.Value)).OfType<string>();
        return new(assignments.ToEquatableArray(), faults.ToEquatableArray(), namePlace);

        Place PlaceOf(string option) => syntax.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.Text == option) is { } found
            ? Place.Of(found.GetLocation())
            : namePlace;
    }

    /// <summary>The assignment of TaskOptions for a given property; null where it says no more than the default.</summary>
    private static string? Assignment(string name, TypedConstant value) => (name, Plain(value)) switch
    {
        ("Handle" or "Keywords" or "Hooks", _) => null,
        ("RetryOn" or "DontRetryOn", _) => value.IsNull || value.Values.Length == 0
            ? null
            : $"{name} = [{string.Join(", ", value.Values.Where(type => type.Value is ITypeSymbol).Select(TypeOf))}]",
        ("UniqueBy" or "RateLimitBy" or "ConcurrencyBy", _) => value.IsNull || value.Values.Length == 0
            ? null
            : $"{name} = [{string.Join(", ", value.Values.Select(name => DefaultValue.Text(name.Value as string ?? "")))}]",
        ("RateLimitScope", int scope) => $"RateLimitScope = (global::Celeriac.LimitScope){Number(scope)}",
        ("Unique", int until) => $"Unique = (global::Celeriac.UniqueUntil){Number(until)}",
        ("SoftTimeLimit" or "TimeLimit", 0d) => null,
        ("RetryDelay" or "RetryBackoffFactor" or "RetryBackoffMax" or "SoftTimeLimit" or "TimeLimit" or "UniqueFor", double seconds) => $"{name} = global::System.TimeSpan.FromSeconds({Number(seconds)})",
        (_, { } plain) => $"{name} = {DefaultValue.Literal(plain)}",
        _ => null,
    };

    private static string TypeOf(TypedConstant type) => $"typeof({((ITypeSymbol)type.Value!).ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)})";

    private static object? Plain(TypedConstant value) => value.Kind is TypedConstantKind.Array ? null : value.Value;

    private static Problem? Objection(string name, TypedConstant value, AttributeData attribute) => (name, Plain(value)) switch
    {
        ("Priority", int priority) when priority is < 0 or > 255 => new(Number(priority), "a priority is 0 to 255", "Choose one of these"),
        ("MaxRetries", int retries) when retries < -1 => new(Number(retries), "it must be −1 (no limit), 0 or more", "Write -1 for no limit"),
        ("Queue", string queue) when queue.Length == 0 => new("empty", "a queue has a name", "Write the queue's name, or leave it out for the client's default queue"),
        ("Queue", string queue) when Encoding.UTF8.GetByteCount(queue) > LongestQueueName =>
            new($"{Encoding.UTF8.GetByteCount(queue)} bytes long", $"brokers take at most {LongestQueueName} bytes", "Choose a shorter name"),
        ("RateLimit", string rate) when !IsRate(rate) => new($"'{rate}'", "it must be a number with /s, /m or /h", "Write for example \"10/m\""),
        ("RateLimitBy", _) when !value.IsNull && value.Values.Length > 0 && !Has(attribute, "RateLimitScope", 1) =>
            new("given", "a rate for each value is counted over all workers", "Add RateLimitScope = LimitScope.Cluster"),
        ("RateLimitScope", 1) when !attribute.NamedArguments.Any(argument => argument.Key == "RateLimit") => new("Cluster", "there is no RateLimit that could be counted", "Add for example RateLimit = \"10/m\""),
        ("ConcurrencyLimit", int limit) when limit is < 1 or > 1000 => new(Number(limit), "it must be 1 to 1000", "Leave it out for no limit"),
        ("ConcurrencyBy", _) when !value.IsNull && value.Values.Length > 0 && !attribute.NamedArguments.Any(argument => argument.Key == "ConcurrencyLimit") =>
            new("given", "there is no limit that it could divide", "Add for example ConcurrencyLimit = 3"),
        ("Handle", string handle) when !SyntaxFacts.IsValidIdentifier(handle) || TaskNames.Escape(handle) != handle =>
            new($"'{handle}'", "it must be a C# name", "Write a name such as \"AddTask\""),
        ("RetryBackoffMax" or "RetryBackoffFactor", double seconds) when !(seconds is > 0 and <= LongestSeconds) =>
            new(Number(seconds), "it must be more than 0 seconds", $"Write the {(name == "RetryBackoffMax" ? "longest" : "first")} delay in seconds"),
        ("Hooks", INamedTypeSymbol hooks) when !hooks.AllInterfaces.Append(hooks).Any(type => Symbols.Is(type, "Celeriac.ITaskHooks")) || !Symbols.IsInternal(hooks) =>
            new($"'{hooks.Name}'", "it must implement ITaskHooks and be internal or public", "Name a class that does"),
        ("RetryDelay" or "SoftTimeLimit" or "TimeLimit", double seconds) when !(seconds is >= 0 and <= LongestSeconds) =>
            new(Number(seconds), "it must be 0 seconds or more", "Write a number of seconds"),
        ("UniqueFor", double seconds) when !(seconds is >= 1 and <= LongestWindow) =>
            new(Number(seconds), $"it must be 1 to {LongestWindow} seconds", "Write a time that is longer than the task waits or runs"),
        ("SoftTimeLimit", double soft) when Limit(attribute) is > 0 and var hard && soft > hard =>
            new(Number(soft), $"the run is abandoned after TimeLimit = {Number(hard)}, before it could stop", "Make SoftTimeLimit the smaller one"),
        _ => null,
    };

    /// <summary>A slip in a name would otherwise show at the first call.</summary>
    private static Problem? ParametersObjection(IMethodSymbol method, string option, TypedConstant value)
    {
        if (option is not ("UniqueBy" or "RateLimitBy" or "ConcurrencyBy") || value.IsNull)
        {
            return null;
        }
        var parameters = method.Parameters.Where(parameter => MethodShape.KindOf(parameter) is not (ParameterKind.Context or ParameterKind.Cancellation)).Select(parameter => parameter.Name).ToList();
        return value.Values.Select(name => name.Value as string ?? "").FirstOrDefault(name => !parameters.Contains(name)) is { } unknown
            ? new($"'{unknown}'", "it must name parameters that are sent", parameters.Count == 0 ? "Leave it out" : $"Write one of: {string.Join(", ", parameters)}")
            : null;
    }

    private static Problem? NameObjection(AttributeData attribute) =>
        TaskNames.ExplicitName(attribute) is { } name && string.IsNullOrWhiteSpace(name)
            ? new("empty", "messages name their task", "Write a name such as \"proj.add\"")
            : null;

    private static bool IsRate(string rate)
    {
        var parts = rate.Split('/');
        return parts.Length <= 2 && (parts.Length == 1 || parts[1] is "s" or "m" or "h")
            && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 0 && !double.IsInfinity(number);
    }

    private static bool Has(AttributeData attribute, string option, int value) => attribute.NamedArguments.Any(argument => argument.Key == option && argument.Value.Value is int given && given == value);

    private static double? Limit(AttributeData attribute) => attribute.NamedArguments.FirstOrDefault(argument => argument.Key == "TimeLimit").Value.Value as double?;

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private sealed record Problem(string Value, string Rule, string Cure);
}
