using System.Security.Cryptography;
using System.Text.Json;
using Celeriac.SharedState;

namespace Celeriac.Sending;

/// <summary>Says whether a call is unique and by which key: the task's name with its arguments by name, in one spelling, hashed.</summary>
internal static class UniqueCall
{
    private static readonly TimeSpan s_defaultWindow = TimeSpan.FromHours(1);

    /// <summary>The claim that the call needs; null where every call is sent.</summary>
    /// <exception cref="ArgumentException">A parameter that the key is made of is not given, or the window is none.</exception>
    public static UniqueClaim? Of(Signature signature)
    {
        var until = signature.Options.Unique ?? signature.Declared?.Unique ?? UniqueUntil.None;
        if (until == UniqueUntil.None)
        {
            return null;
        }
        var window = signature.Options.UniqueFor ?? signature.Declared?.UniqueFor ?? s_defaultWindow;
        if (window < TimeSpan.FromSeconds(1) || window > TimeSpan.FromDays(3650))
        {
            throw new ArgumentException($"Task '{signature.Task}' is to be unique for '{window}', but the window must be 1 s to 3650 days: it frees the task where its message was lost. Give one that is longer than the task waits or runs.", nameof(signature));
        }
        var key = signature.Options.UniqueKey is { } own
            ? StateKey.Of(UniqueClaim.Kind, signature.Task, "key", own)
            : StateKey.Of(UniqueClaim.Kind, signature.Task, Hash(signature));
        return new UniqueClaim(key, until, window);
    }

    private static string Hash(Signature signature)
    {
        using var args = JsonDocument.Parse(signature.Args);
        using var kwargs = JsonDocument.Parse(signature.Kwargs);
        var named = ByName(signature, args.RootElement, kwargs.RootElement);
        if (signature.Declared?.UniqueBy is { Count: > 0 } chosen)
        {
            named = Chosen(signature, named, chosen);
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
    private static SortedDictionary<string, List<JsonElement>> ByName(Signature signature, JsonElement args, JsonElement kwargs)
    {
        var parameters = signature.Parameters ?? [];
        var named = new SortedDictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        foreach (var (index, value) in args.EnumerateArray().Index())
        {
            var parameter = index < parameters.Count ? parameters[index] : parameters is [.., { Kind: TaskParameterKind.Rest } rest] ? rest : null;
            var name = parameter?.SnakeName ?? $"#{index}";
            (named.TryGetValue(name, out var values) ? values : named[name] = []).Add(value);
        }
        foreach (var pair in kwargs.EnumerateObject())
        {
            var parameter = parameters.FirstOrDefault(parameter => parameter.Name == pair.Name);
            named[parameter?.SnakeName ?? pair.Name] = [pair.Value];
        }
        return named;
    }

    private static SortedDictionary<string, List<JsonElement>> Chosen(Signature signature, SortedDictionary<string, List<JsonElement>> named, IReadOnlyList<string> chosen)
    {
        var kept = new SortedDictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        foreach (var name in chosen)
        {
            var parameter = signature.Parameters?.FirstOrDefault(parameter => parameter.Name == name || parameter.SnakeName == name);
            // An optional argument that is left out is a value of its own: the default.
            kept[name] = named.TryGetValue(parameter?.SnakeName ?? name, out var values) ? values
                : parameter is { Kind: not TaskParameterKind.Required } ? []
                : throw new ArgumentException($"Task '{signature.Task}' is unique by '{name}', but the call has no argument of that name (it has: {(named.Count == 0 ? "none" : string.Join(", ", named.Keys))}). Correct UniqueBy, or give the key with UniqueKey.", nameof(signature));
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
