using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac;

/// <summary>A task that a worker has in hand, as it tells it (CELERY-PROTOCOL section 15.5).</summary>
public sealed record RemoteTask
{
    /// <summary>The task's id.</summary>
    public required string Id { get; init; }
    /// <summary>The alias it was given, else its name.</summary>
    public required string Name { get; init; }
    /// <summary>The task's name.</summary>
    public required string Type { get; init; }
    /// <summary>The positional arguments, an array; text where the worker shows them shortened.</summary>
    public JsonElement Args { get; init; }
    /// <summary>The keyword arguments, an object; text where the worker shows them shortened.</summary>
    public JsonElement Kwargs { get; init; }
    /// <summary>When the run began; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>True once its message is acknowledged.</summary>
    public bool IsAcknowledged { get; init; }
    /// <summary>The process that runs it; null before.</summary>
    public int? WorkerPid { get; init; }
    /// <summary>Everything that was told.</summary>
    public JsonElement Raw { get; init; }

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is no task.</exception>
    internal static RemoteTask Read(JsonElement told) => new()
    {
        Id = Text(told, "id") ?? throw new FormatException("a task without an id"),
        Name = Text(told, "name") ?? "",
        Type = Text(told, "type") ?? Text(told, "name") ?? "",
        Args = told.TryGetProperty("args"u8, out var args) ? args : default,
        Kwargs = told.TryGetProperty("kwargs"u8, out var kwargs) ? kwargs : default,
        StartedAt = told.TryGetProperty("time_start"u8, out var start) && start.ValueKind == JsonValueKind.Number && start.GetDouble() is > 0 and < 1e11 and var seconds
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null,
        IsAcknowledged = told.TryGetProperty("acknowledged"u8, out var acknowledged) && acknowledged.ValueKind == JsonValueKind.True,
        WorkerPid = told.TryGetProperty("worker_pid"u8, out var pid) && pid.ValueKind == JsonValueKind.Number && pid.TryGetInt32(out var number) ? number : null,
        Raw = told,
    };

    private static string? Text(JsonElement told, string name) => told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A task that waits in a worker for its time.</summary>
/// <param name="Eta">When it is due; null where the worker told no time that can be read.</param>
/// <param name="Request">The task.</param>
public sealed record RemoteScheduledTask(DateTimeOffset? Eta, RemoteTask Request)
{
    internal static RemoteScheduledTask Read(JsonElement told) => new(
        told.TryGetProperty("eta"u8, out var eta) && eta.ValueKind == JsonValueKind.String && CeleryTime.TryParse(eta.GetString(), out var time) ? time : null,
        RemoteTask.Read(told.GetProperty("request"u8)));
}

/// <summary>A task that was asked for by its id.</summary>
/// <param name="State"><c>active</c>, <c>reserved</c> or <c>ready</c>.</param>
/// <param name="Request">The task.</param>
public sealed record RemoteTaskState(string State, RemoteTask Request);

/// <summary>A queue that a worker consumes.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Exchange">The exchange that it is bound to.</param>
/// <param name="RoutingKey">By which key.</param>
/// <param name="Raw">Everything that was told.</param>
public sealed record RemoteQueue(string Name, string Exchange, string RoutingKey, JsonElement Raw)
{
    internal static RemoteQueue Read(JsonElement told) => new(
        told.GetProperty("name"u8).GetString() ?? "",
        told.TryGetProperty("exchange"u8, out var exchange) && exchange.ValueKind == JsonValueKind.Object && exchange.TryGetProperty("name"u8, out var name) ? name.GetString() ?? "" : "",
        told.TryGetProperty("routing_key"u8, out var key) ? key.GetString() ?? "" : "",
        told);
}
