using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Protocol;

namespace Celeriac.Control;

/// <summary>One command as it was asked of this worker. Arguments with names that nobody knows are not looked at.</summary>
internal sealed class ControlCall(ControlledWorker worker, string method, JsonElement arguments)
{
    private const int MostTexts = 100_000;

    public ControlledWorker Worker { get; } = worker;

    public string Method { get; } = method;

    public JsonElement Arguments { get; } = arguments;

    /// <summary>True where every worker is meant.</summary>
    public bool IsForAll { get; init; }

    /// <summary>True where the command is not answered at all.</summary>
    public bool IsUnanswered { get; set; }

    /// <summary>Celery's answer to a command that was obeyed.</summary>
    public static JsonNode Ok(string text) => new JsonObject { ["ok"] = text };

    /// <summary>Celery's answer to one that was not.</summary>
    public static JsonNode Error(string text) => new JsonObject { ["error"] = text };

    public bool Has(string name) => Find(name) is not null;

    public JsonElement? Find(string name) =>
        Arguments.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    /// <summary>An argument's text; a number's digits; null where it is absent.</summary>
    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        { } other => throw Wrong(name, other, "text"),
    };

    /// <exception cref="CeleryException">It is absent: worded as Python words it.</exception>
    public string RequireText(string name) => Text(name) ?? throw Missing(name);

    public int Number(string name, int byDefault) => Seconds(name) is not { } number ? byDefault
        : number is >= int.MinValue and <= int.MaxValue ? (int)number
        : throw new CeleryException("ValueError", "builtins", $"{name} is out of range");

    /// <summary>A number, also one written as text.</summary>
    public double? Seconds(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number => number.GetDouble(),
        { ValueKind: JsonValueKind.String } text when double.TryParse(text.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        { } other => throw Wrong(name, other, "a number"),
    };

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.Number } number => number.GetDouble() != 0,
        { ValueKind: JsonValueKind.String } text => text.GetString() is { Length: > 0 } word && word.ToLowerInvariant() is not ("false" or "no" or "0" or "off"),
        { } other => other.GetArrayLength() > 0,
    };

    /// <summary>One text or an array of them.</summary>
    public IReadOnlyList<string> Texts(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } array => [.. array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Take(MostTexts).Select(item => item.GetString()!)],
        _ => [RequireText(name)],
    };

    public CeleryException Missing(string name) => new("TypeError", "builtins", $"{Method}() missing 1 required positional argument: '{name}'");

    private CeleryException Wrong(string name, JsonElement value, string expected) =>
        new("TypeError", "builtins", $"{Method}() argument '{name}' is {value.ValueKind}, but must be {expected}");
}
