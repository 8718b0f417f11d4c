using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Working;

namespace Celeriac.Control.Commands;

/// <summary>Rate limits and time limits of tasks, changed while the worker runs.</summary>
internal static class Limits
{
    // A timer's longest wait is about 49 days.
    private const double LongestLimit = 4_000_000;

    public static ControlCommand[] Commands { get; } =
    [
        ControlCommand.Change("rate_limit", RateLimitOf),
        ControlCommand.Change("time_limit", TimeLimitOf),
    ];

    private static JsonNode RateLimitOf(ControlCall call)
    {
        var name = call.RequireText("task_name");
        var text = call.Text("rate_limit");
        if (!RateLimit.TryParse(text, out var limit, out var fault))
        {
            return ControlCall.Error($"Invalid rate limit string: {fault}");
        }
        if (call.Worker.State.Tasks.Find(name) is not { } task)
        {
            return ControlCall.Error("unknown task");
        }
        task.Gate.Change(limit);
        Log.RateLimitChanged(call.Worker.Log, name, limit?.Text ?? "none");
        var done = limit is null ? "rate limit disabled successfully" : "new rate limit set successfully";
        return ControlCall.Ok(task.Definition.Options is { RateLimitScope: LimitScope.Cluster, RateLimit: { } cluster }
            ? $"{done} for this worker alone: the limit of {cluster} for the whole cluster stays beside it, and changes with the task's declaration"
            : done);
    }

    private static JsonNode TimeLimitOf(ControlCall call)
    {
        var name = call.RequireText("task_name");
        if (call.Worker.State.Tasks.Find(name) is not { } task)
        {
            return ControlCall.Error("unknown task");
        }
        task.Limits = new RunLimits(Limit(call, "hard"), Limit(call, "soft"));
        Log.TimeLimitsChanged(call.Worker.Log, name, task.Limits.Soft, task.Limits.Hard);
        return ControlCall.Ok("time limits set successfully");
    }

    private static TimeSpan? Limit(ControlCall call, string name) => call.Seconds(name) switch
    {
        null or 0 => null,
        { } seconds when seconds is > 0 and <= LongestLimit => TimeSpan.FromSeconds(seconds),
        { } seconds => throw new CeleryException("ValueError", "builtins", $"{name} is {seconds}, but must be a number of seconds from 0 to {LongestLimit}"),
    };
}
