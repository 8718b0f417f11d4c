using System.Text.Json.Nodes;

namespace Celeriac.Control;

/// <summary>A built-in remote control command.</summary>
/// <param name="Name">Celery's name.</param>
/// <param name="IsInspect">True where it only looks.</param>
/// <param name="Run">Answers the reply's value.</param>
internal sealed record ControlCommand(string Name, bool IsInspect, Func<ControlCall, ValueTask<JsonNode?>> Run)
{
    /// <summary>Celery's older name for it.</summary>
    public string? Alias { get; init; }

    public static ControlCommand Inspect(string name, Func<ControlCall, JsonNode?> run, string? alias = null) => new(name, true, call => new(run(call))) { Alias = alias };

    public static ControlCommand Change(string name, Func<ControlCall, JsonNode?> run) => new(name, false, call => new(run(call)));
}
