using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Protocol;
using Celeriac.SharedState;
using Celeriac.Working;

namespace Celeriac.Control.Commands;

/// <summary>Taking tasks back (CELERY-PROTOCOL section 18). There is no process to kill: a task that runs gets its cancellation token fired.</summary>
internal static class Revoking
{
    public static ControlCommand[] Commands { get; } =
    [
        new("revoke", false, call => RevokeAsync(call, call.Flag("terminate"))),
        new("terminate", false, call => RevokeAsync(call, terminate: true)),
        new("revoke_by_stamped_headers", false, RevokeStampedAsync),
    ];

    private static async ValueTask<JsonNode?> RevokeAsync(ControlCall call, bool terminate)
    {
        if (!call.Has("task_id"))
        {
            throw call.Missing("task_id");
        }
        var ids = call.Texts("task_id").Distinct(StringComparer.Ordinal).ToList();
        var text = string.Join(", ", ids);
        await call.Worker.State.Kept.AddAsync(new RevokedTasks(ids, []), call.IsForAll).ConfigureAwait(false);
        if (!terminate)
        {
            Log.TasksRevoked(call.Worker.Log, TaskMessageDecoder.Shown(text));
            return ControlCall.Ok($"tasks {text} flagged as revoked");
        }
        var ended = Terminate(call, ids.Select(call.Worker.State.InHand.Find).OfType<AdmittedTask>());
        return ControlCall.Ok(ended.Count == 0 ? "terminate: tasks unknown" : $"terminate: {string.Join(", ", ended)}");
    }

    private static async ValueTask<JsonNode?> RevokeStampedAsync(ControlCall call)
    {
        var stamps = StampsOf(call);
        var pairs = stamps.SelectMany(stamp => stamp.Values.Select(value => KeyValuePair.Create(stamp.Name, value)));
        await call.Worker.State.Kept.AddAsync(new RevokedTasks([], [.. pairs]), call.IsForAll).ConfigureAwait(false);
        var shown = PythonRepr.OfValue(Encoding.UTF8.GetBytes(call.Find("headers")!.Value.GetRawText()));
        Log.TasksRevoked(call.Worker.Log, TaskMessageDecoder.Shown($"with stamps {shown}"));
        if (!call.Flag("terminate"))
        {
            return ControlCall.Ok($"headers {shown} flagged as revoked, but not terminated");
        }
        var revocations = call.Worker.State.Revocations;
        var ended = Terminate(call, call.Worker.State.InHand.At(TaskStage.Active).Where(task => revocations.Contains(task.Request)));
        return ControlCall.Ok(ended.Count == 0 ? $"headers {shown} were not terminated" : $"headers {shown} revoked");
    }

    private static List<string> Terminate(ControlCall call, IEnumerable<AdmittedTask> tasks)
    {
        var signal = SignalOf(call.Text("signal"));
        var asked = tasks.Where(task => task.Terminate(signal)).ToList();
        foreach (var task in asked)
        {
            _ = call.Worker.State.Stuck.AskedAsync(task);
        }
        return [.. asked.Select(task => task.Request.Id)];
    }

    private static string SignalOf(string? given)
    {
        var name = string.IsNullOrEmpty(given) ? "SIGTERM" : given.ToUpperInvariant();
        return name.Length > 20 ? name[..20] : name.StartsWith("SIG", StringComparison.Ordinal) || char.IsAsciiDigit(name[0]) ? name : $"SIG{name}";
    }

    /// <summary>An object of names and values, or a list of <c>name=value</c>.</summary>
    private static List<(string Name, IReadOnlyList<string> Values)> StampsOf(ControlCall call)
    {
        var headers = call.Find("headers") ?? throw call.Missing("headers");
        return headers.ValueKind switch
        {
            JsonValueKind.Object => [.. headers.EnumerateObject().Select(header => (header.Name, ValuesOf(header.Value)))],
            JsonValueKind.Array => [.. call.Texts("headers").Select(text => text.Split('=', 2)).Where(pair => pair.Length == 2).Select(pair => (pair[0], (IReadOnlyList<string>)[pair[1]]))],
            _ => throw new CeleryException("TypeError", "builtins", "headers must be an object or a list of name=value"),
        };
    }

    private static IReadOnlyList<string> ValuesOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(ValuesOf)],
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Null => [],
        _ => [value.GetRawText()],
    };
}
