using System.Text.Json;

namespace Celeriac;

/// <summary>What one node answered to a remote control command.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Value">The answer as it came: mostly an object with <c>ok</c> or <c>error</c>, or plain data, or null.</param>
public sealed record NodeReply(string Node, JsonElement Value)
{
    /// <summary>The text under <c>ok</c>; null where there is none.</summary>
    public string? Ok => TextOf("ok");

    /// <summary>Why the node did not obey; null where it did.</summary>
    public string? Error => TextOf("error");

    /// <inheritdoc/>
    public override string ToString() => $"{Node}: {Ok ?? (Error is { } error ? $"error: {error}" : Value.GetRawText())}";

    private string? TextOf(string name) => Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out var text)
        ? text.ValueKind == JsonValueKind.String ? text.GetString() : text.GetRawText()
        : null;
}

/// <summary>What one node answered, where the shape of answers is fixed.</summary>
/// <typeparam name="T">The answer.</typeparam>
/// <param name="Node">The node's name.</param>
/// <param name="Value">The answer; the type's default where <paramref name="Error"/> is set.</param>
/// <param name="Error">Why there is none: the node's own words, or that its answer has another shape.</param>
public sealed record NodeReply<T>(string Node, T? Value, string? Error);
