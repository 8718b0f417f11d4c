using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Celeriac;

/// <summary>
/// A remote control command of your own. Commands run one after another beside the tasks, so it must be quick. What it answers becomes the node's reply, by
/// Celery's custom an object with <c>ok</c> or <c>error</c>, or plain data; an exception is answered as an error.
/// </summary>
/// <param name="context">What was asked of which node.</param>
/// <param name="cancellationToken">Fires when the worker stops, or when the command takes longer than 30 seconds.</param>
public delegate ValueTask<JsonNode?> ControlCommandHandler(ControlCommandContext context, CancellationToken cancellationToken);

/// <summary>What a remote control command of your own gets.</summary>
/// <param name="Node">The worker's node name.</param>
/// <param name="Command">The command's name.</param>
/// <param name="Arguments">The arguments, an object. Ignore names that you do not know: callers of other versions may send more.</param>
/// <param name="Services">The worker's services; null for none.</param>
public sealed record ControlCommandContext(string Node, string Command, JsonElement Arguments, IServiceProvider? Services)
{
    /// <summary>An argument that must be there.</summary>
    /// <param name="name">Its name; the snake_case form of it is looked for too.</param>
    /// <exception cref="CeleryException">It is absent or null, or does not fit the type: a TypeError, as Python's.</exception>
    public T Get<T>(string name) => Find(name) is { } value
        ? Read<T>(name, value)
        : throw new CeleryException("TypeError", "builtins", $"{Command}() missing 1 required positional argument: '{Snake(name)}'");

    /// <summary>An argument that may be absent or null.</summary>
    /// <param name="name">Its name; the snake_case form of it is looked for too.</param>
    /// <param name="byDefault">What it is then.</param>
    /// <exception cref="CeleryException">It does not fit the type: a TypeError, as Python's.</exception>
    public T GetOr<T>(string name, T byDefault) => Find(name) is { } value ? Read<T>(name, value) : byDefault;

    /// <summary>A value as a handler answers it.</summary>
    /// <exception cref="NotSupportedException">There is no JSON metadata for the type.</exception>
    public static JsonNode? Answer<T>(T value) => value as JsonNode ?? JsonNode.Parse(TaskJson.Encode(value).Span);

    private JsonElement? Find(string name) => Find(Arguments, name) ?? Find(Arguments, Snake(name));

    private static JsonElement? Find(JsonElement arguments, string name) =>
        arguments.ValueKind is JsonValueKind.Object && arguments.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private T Read<T>(string name, JsonElement value)
    {
        var json = JsonMarshal.GetRawUtf8Value(value);
        try
        {
            return TaskJson.Decode<T>(json);
        }
        catch (JsonException)
        {
            throw new CeleryException("TypeError", "builtins", $"{Command}() argument '{Snake(name)}' is {TaskJson.Excerpt(json)}, which does not fit {typeof(T).Name}");
        }
    }
}
