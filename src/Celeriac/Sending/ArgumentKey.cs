using System.Security.Cryptography;
using System.Text.Json;

namespace Celeriac.Sending;

/// <summary>Makes a key of a call's arguments: by their names, in one spelling, hashed. Equal are calls whose chosen arguments are, however they were given.</summary>
/// <param name="task">The task, for error texts.</param>
/// <param name="parameters">Its parameters; null where they are not known here.</param>
/// <param name="what">What the key is for, for error texts: <c>is unique</c>.</param>
/// <param name="cure">What to do where an argument is missing.</param>
internal sealed class ArgumentKey(string task, IReadOnlyList<TaskParameter>? parameters, string what, string cure)
{
    // The decoder has checked the depth by its own limit, which is at most this.
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 1010 };

    /// <summary>The key of a call, as a hash.</summary>
    /// <param name="argsJson">The positional arguments, a JSON array; empty for none.</param>
    /// <param name="kwargsJson">The arguments by name, a JSON object; empty for none.</param>
    /// <param name="chosen">The parameters that count; none for all.</param>
    /// <exception cref="ArgumentException">An argument that counts is not given.</exception>
    public string Of(ReadOnlyMemory<byte> argsJson, ReadOnlyMemory<byte> kwargsJson, IReadOnlyList<string> chosen)
    {
        using var args = argsJson.IsEmpty ? null : JsonDocument.Parse(argsJson, s_options);
        using var kwargs = kwargsJson.IsEmpty ? null : JsonDocument.Parse(kwargsJson, s_options);
        var named = ByName(args, kwargs);
        if (chosen.Count > 0)
        {
            named = Chosen(named, chosen);
        }
        var canonical = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(canonical))
        {
            writer.WriteStartObject();
            foreach (var (name, values) in named)
            {
                writer.WritePropertyName(name);
                Write(writer, values);
            }
            writer.WriteEndObject();
        }
        return Convert.ToHexStringLower(SHA256.HashData(canonical.WrittenSpan));
    }

    /// <summary>Every argument under the name that Python gives its parameter; what has no known name stands under its place.</summary>
    private SortedDictionary<string, List<JsonElement>> ByName(JsonDocument? args, JsonDocument? kwargs)
    {
        var named = new SortedDictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        foreach (var (index, value) in (args is null ? Enumerable.Empty<JsonElement>() : args.RootElement.EnumerateArray()).Index())
        {
            var parameter = index < parameters?.Count ? parameters[index] : parameters is [.., { Kind: TaskParameterKind.Rest } rest] ? rest : null;
            var name = parameter?.SnakeName ?? $"#{index}";
            (named.TryGetValue(name, out var values) ? values : named[name] = []).Add(value);
        }
        foreach (var pair in kwargs is null ? Enumerable.Empty<JsonProperty>() : kwargs.RootElement.EnumerateObject())
        {
            var parameter = parameters?.FirstOrDefault(parameter => parameter.Name == pair.Name);
            named[parameter?.SnakeName ?? pair.Name] = [pair.Value];
        }
        return named;
    }

    private SortedDictionary<string, List<JsonElement>> Chosen(SortedDictionary<string, List<JsonElement>> named, IReadOnlyList<string> chosen)
    {
        var kept = new SortedDictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        foreach (var name in chosen)
        {
            var parameter = parameters?.FirstOrDefault(parameter => parameter.Name == name || parameter.SnakeName == name);
            // An optional argument that is left out is a value of its own: the default.
            kept[name] = named.TryGetValue(parameter?.SnakeName ?? name, out var values) ? values
                : parameter is { Kind: not TaskParameterKind.Required } ? []
                : throw new ArgumentException($"Task '{task}' {what} by '{name}', but the call has no argument of that name (it has: {(named.Count == 0 ? "none" : string.Join(", ", named.Keys))}). {cure}", nameof(chosen));
        }
        return kept;
    }

    private static void Write(Utf8JsonWriter writer, List<JsonElement> values)
    {
        writer.WriteStartArray();
        foreach (var value in values)
        {
            Write(writer, value);
        }
        writer.WriteEndArray();
    }

    /// <summary>Members in the order of their names, without blanks, letters escaped in one way.</summary>
    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                Write(writer, [.. value.EnumerateArray()]);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
