using System.Globalization;
using System.Text.Json.Nodes;
using Celeriac.Protocol;
using Celeriac.Working;

namespace Celeriac.Control.Commands;

/// <summary>What a worker has in hand, and which tasks it knows.</summary>
internal static class TaskInspection
{
    // Celery's timer counts down from 9; what waits for its eta has 6.
    private const int ScheduledPriority = 6;
    private static readonly string[] s_usualItems = ["exchange", "routing_key", "rate_limit"];

    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Inspect("active", call => List(call, TaskStage.Active), "dump_active"),
        ControlCommand.Inspect("reserved", call => List(call, TaskStage.Reserved), "dump_reserved"),
        ControlCommand.Inspect("scheduled", Scheduled, "dump_schedule"),
        ControlCommand.Inspect("revoked", call => ArrayOf(call.Worker.State.Revocations.Ids.Select(entry => (JsonNode?)entry.Id)), "dump_revoked"),
        ControlCommand.Inspect("registered", Registered, "dump_tasks"),
        ControlCommand.Inspect("query_task", Query),
    ];

    private static JsonArray List(ControlCall call, TaskStage stage) =>
        ArrayOf(call.Worker.State.InHand.At(stage).Select(task => TaskInfo.Of(task, call.Worker.Node, call.Flag("safe"))));

    private static JsonArray Scheduled(ControlCall call) => ArrayOf(call.Worker.State.InHand.At(TaskStage.Scheduled).Select(task => (JsonNode?)new JsonObject
    {
        ["eta"] = task.Request.Eta is { } eta ? CeleryTime.Write(eta) : null,
        ["priority"] = ScheduledPriority,
        ["request"] = TaskInfo.Of(task, call.Worker.Node),
    }));

    private static JsonObject Query(ControlCall call)
    {
        var found = new JsonObject();
        foreach (var task in call.Texts("ids").Distinct(StringComparer.Ordinal).Select(call.Worker.State.InHand.Find).OfType<AdmittedTask>())
        {
            found[task.Request.Id] = new JsonArray(task.Stage == TaskStage.Active ? "active" : "reserved", TaskInfo.Of(task, call.Worker.Node));
        }
        return found;
    }

    private static JsonArray Registered(ControlCall call)
    {
        var items = call.Texts("taskinfoitems") is { Count: > 0 } asked ? asked : s_usualItems;
        return ArrayOf(call.Worker.State.Tasks.All.Select(task => (JsonNode?)Describe(task, items)));
    }

    private static string Describe(TaskRuntime task, IReadOnlyList<string> items)
    {
        var shown = items.Select(item => (Name: item, Value: ValueOf(task, item))).Where(item => item.Value is not null).Select(item => $"{item.Name}={item.Value}").ToList();
        return shown.Count == 0 ? task.Definition.Name : $"{task.Definition.Name} [{string.Join(' ', shown)}]";
    }

    /// <summary>An attribute of a task by Celery's name; null where there is none.</summary>
    private static string? ValueOf(TaskRuntime task, string item)
    {
        var options = task.Definition.Options;
        return item switch
        {
            "name" => task.Definition.Name,
            "rate_limit" => task.Gate.Limit?.Text ?? (options.RateLimitScope == LimitScope.Cluster ? options.RateLimit : null),
            "time_limit" => Number(task.Limits.Hard?.TotalSeconds),
            "soft_time_limit" => Number(task.Limits.Soft?.TotalSeconds),
            "max_retries" => Number(options.MaxRetries),
            "default_retry_delay" => Number(options.RetryDelay?.TotalSeconds),
            "acks_late" => options.AcksLate is { } late ? Bool(late) : null,
            "track_started" => options.TrackStarted is { } tracks ? Bool(tracks) : null,
            "ignore_result" => Bool(options.IgnoreResult),
            "priority" => options.Priority > 0 ? Number(options.Priority) : null,
            "queue" => options.Queue,
            _ => null,
        };
    }

    private static string? Number(double? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string Bool(bool value) => value ? "True" : "False";

    private static JsonArray ArrayOf(IEnumerable<JsonNode?> items) => [.. items];
}
