using System.Text;
using System.Text.Json;
using Celeriac.Protocol;
using Celeriac.SharedState;

namespace Celeriac.Redis.Results;

/// <summary>Brings the results of a chord into the shape of a header that Celery has saved: a group in it has the list of its members' results in its place.</summary>
internal static class ChordShape
{
    /// <summary>The parts, one for each member of the header; null where a member has failed, or the header is not understood.</summary>
    /// <param name="header">Celery's record of the group: <c>{"result": [[id, parent], [member, …]]}</c>.</param>
    /// <param name="parts">How the tasks have ended.</param>
    public static IReadOnlyList<ChordPart>? Apply(ReadOnlyMemory<byte> header, IReadOnlyList<ChordPart> parts)
    {
        if (parts.Any(part => part.Status != TaskStates.Success))
        {
            return null;
        }
        var byId = parts.GroupBy(part => part.TaskId).ToDictionary(group => group.Key, group => group.First().Result, StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 1000 });
            return [.. document.RootElement.GetProperty("result")[1].EnumerateArray().Select((member, index) => new ChordPart(index, member[0][0].GetString()!, TaskStates.Success, Encoding.UTF8.GetBytes(ResultOf(member, byId))))];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static string ResultOf(JsonElement member, Dictionary<string, ReadOnlyMemory<byte>> byId) => member[1].ValueKind == JsonValueKind.Array
        ? $"[{string.Join(',', member[1].EnumerateArray().Select(inner => ResultOf(inner, byId)))}]"
        : Encoding.UTF8.GetString(byId[member[0][0].GetString()!].Span);
}
