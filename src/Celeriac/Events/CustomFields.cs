using System.Text.Json;
using System.Text.Json.Nodes;

namespace Celeriac.Events;

/// <summary>The fields of a user's own event, checked where they are given, so that the mistake is seen there.</summary>
internal sealed class CustomFields
{
    private const int LongestType = 200;
    private static readonly string[] s_everywhere = ["type", "hostname", "timestamp", "clock", "pid", "utcoffset"];
    private readonly (string Name, string Json)[] _fields;

    /// <exception cref="ArgumentException">The type is not of the form group-name, or a field has the name of one that every event has.</exception>
    public CustomFields(string type, JsonObject? fields, bool ofTask)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        var dash = type.IndexOf('-', StringComparison.Ordinal);
        if (dash <= 0 || dash == type.Length - 1 || type.Length > LongestType || type.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')))
        {
            throw new ArgumentException($"The event type '{type}' is not of the form group-name, for example order-shipped: ASCII letters, digits, dashes, underscores and dots, at most {LongestType}. Give another.", nameof(type));
        }
        if (fields?.FirstOrDefault(field => s_everywhere.Contains(field.Key) || (ofTask && field.Key == "uuid")).Key is { } taken)
        {
            throw new ArgumentException($"The event '{type}' has a field '{taken}', which every event has from Celeriac. Give it another name.", nameof(fields));
        }
        // As text here: the caller may change the object while the event is written.
        _fields = fields is null ? [] : [.. fields.Select(field => (field.Key, field.Value?.ToJsonString() ?? "null"))];
    }

    public void Write(Utf8JsonWriter writer)
    {
        foreach (var (name, json) in _fields)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json);
        }
    }
}
