using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Celeriac.SharedState;

/// <summary>Tasks that one command has taken back: by their ids, or by stamps that they bear.</summary>
internal sealed record RevokedTasks(IReadOnlyList<string> Ids, IReadOnlyList<KeyValuePair<string, string>> Stamps)
{
    private const int LongestText = 1_000;

    public bool IsEmpty => Ids.Count + Stamps.Count == 0;

    /// <summary>What a remote control command takes back; null where it is about something else.</summary>
    public static RevokedTasks? Of(string command, JsonObject? arguments) => command switch
    {
        "revoke" or "terminate" => new RevokedTasks([.. Texts(arguments?["task_id"])], []),
        "revoke_by_stamped_headers" => new RevokedTasks([], [.. StampsOf(arguments?["headers"])]),
        _ => null,
    };

    /// <summary>In pieces that a value of shared state has room for.</summary>
    public IEnumerable<RevokedTasks> InParts() =>
        Ids.Where(id => id.Length is > 0 and <= LongestText).Chunk(100).Select(ids => new RevokedTasks(ids, []))
            .Concat(Stamps.Where(stamp => stamp.Key.Length + stamp.Value.Length <= LongestText).Chunk(100).Select(stamps => new RevokedTasks([], stamps)));

    public byte[] Encode()
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (var id in Ids)
            {
                writer.WriteStringValue(id);
            }
            foreach (var (name, value) in Stamps)
            {
                writer.WriteStartArray();
                writer.WriteStringValue(name);
                writer.WriteStringValue(value);
                writer.WriteEndArray();
            }
            writer.WriteEndArray();
        }
        return json.WrittenSpan.ToArray();
    }

    /// <summary>Null for what nobody here has written.</summary>
    public static RevokedTasks? Decode(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var items = document.RootElement.EnumerateArray().ToList();
            return new RevokedTasks(
                [.. items.Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
                [.. items.Where(item => item.ValueKind == JsonValueKind.Array).Select(item => KeyValuePair.Create(item[0].GetString()!, item[1].GetString()!))]);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonArray array => array.SelectMany(Texts),
        JsonValue value when value.GetValueKind() is JsonValueKind.String => [value.GetValue<string>()],
        null => [],
        _ => [node.ToJsonString()],
    };

    private static IEnumerable<KeyValuePair<string, string>> StampsOf(JsonNode? headers) => headers switch
    {
        JsonObject named => named.SelectMany(stamp => Texts(stamp.Value).Select(value => KeyValuePair.Create(stamp.Key, value))),
        JsonArray pairs => Texts(pairs).Select(text => text.Split('=', 2)).Where(pair => pair.Length == 2).Select(pair => KeyValuePair.Create(pair[0], pair[1])),
        _ => [],
    };
}
