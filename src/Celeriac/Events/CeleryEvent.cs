using System.Text.Json;
using Celeriac.Events;

namespace Celeriac;

/// <summary>
/// An event of a worker or client, from C# or Python: what happened to a task (<c>task-received</c>, <c>task-succeeded</c> …), that a worker lives (<c>worker-heartbeat</c>),
/// or one that a program has made up (<c>order-shipped</c>).
/// </summary>
public sealed class CeleryEvent
{
    internal CeleryEvent(string type, IReadOnlyDictionary<string, JsonElement> fields)
    {
        Type = type;
        Fields = fields;
    }

    /// <summary>The type, <c>group-name</c>.</summary>
    public string Type { get; }

    /// <summary>Every field as it was sent.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; }

    /// <summary>The group, the part of the type before its first dash: <c>task</c>, <c>worker</c> or a program's own.</summary>
    public string Group => Type.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 ? Type[..dash] : Type;

    /// <summary>The node that sent it; empty where it does not say.</summary>
    public string Hostname => Text("hostname") ?? "";

    /// <summary>The task it tells of; null for other events.</summary>
    public string? TaskId => Text("uuid");

    /// <summary>When it happened by the sender's clock. The offset is the sender's time zone, in whole hours as the event tells it.</summary>
    public DateTimeOffset Timestamp { get; internal init; }

    /// <summary>When it arrived here.</summary>
    public DateTimeOffset ReceivedAt { get; internal init; }

    /// <summary>The logical time by which events of machines whose clocks differ can be put in order.</summary>
    public long Clock { get; internal init; }

    /// <summary>The sender's process; null where it does not say.</summary>
    public int? ProcessId => Number("pid") is { } number and >= 0 and <= int.MaxValue ? (int)number : null;

    /// <summary>The text of a field; null where it is absent or no text.</summary>
    public string? Text(string field) => Fields.TryGetValue(field, out var value) ? EventDecoder.TextOf(value) : null;

    /// <summary>The number of a field; null where it is absent or no number.</summary>
    public double? Number(string field) =>
        Fields.TryGetValue(field, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    /// <inheritdoc/>
    public override string ToString() => TaskId is { } id ? $"{Type} {id} ({Hostname})" : $"{Type} ({Hostname})";
}
