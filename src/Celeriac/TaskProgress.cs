using System.Text.Json;
using System.Text.Json.Nodes;

namespace Celeriac;

/// <summary>How far a task is, as Celery's users write it: state PROGRESS with <c>current</c>, <c>total</c> and perhaps <c>description</c>.</summary>
/// <param name="Current">How much is done.</param>
/// <param name="Total">How much there is; 0 where that is not known.</param>
/// <param name="Description">What is being done; null where nothing was said.</param>
public readonly record struct TaskProgress(long Current, long Total, string? Description = null)
{
    internal const string State = "PROGRESS";
    internal const string Event = "task-progress";

    /// <summary>How much is done, from 0 to 1; null where the total is not known.</summary>
    public double? Fraction => Total > 0 ? Math.Clamp((double)Current / Total, 0, 1) : null;

    /// <summary>For a person: <c>30 of 120 (25 %), resizing</c>.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Current}{(Fraction is { } fraction ? $" of {Total} ({Math.Floor(fraction * 100):0} %)" : "")}{(Description is null ? "" : $", {Description}")}");

    internal JsonObject ToJson()
    {
        var meta = new JsonObject { ["current"] = Current, ["total"] = Total };
        if (Description is not null)
        {
            meta["description"] = Description;
        }
        return meta;
    }

    /// <summary>What a record of state PROGRESS says; null where it has no number <c>current</c>, for the state is anybody's.</summary>
    internal static TaskProgress? Read(ReadOnlyMemory<byte> meta)
    {
        try
        {
            using var document = JsonDocument.Parse(meta);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && Number(root, "current") is { } current
                ? new TaskProgress(current, Number(root, "total") ?? 0, Text(root, "description") ?? Text(root, "status"))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Python may have divided.
    private static long? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && Math.Abs(number) < 1e18 ? (long)number : null;

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
