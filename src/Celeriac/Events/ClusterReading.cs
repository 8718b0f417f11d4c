using System.Text.Json;

namespace Celeriac.Events;

/// <summary>What an event makes of a task or worker that is known already. No state of its own.</summary>
internal static class ClusterReading
{
    // Bounds what one task keeps, whatever its events bring.
    private const int LongestText = 10_000;
    private const int LongestName = 1_000;
    private const int LongestFrequency = 24 * 60 * 60;
    private static readonly string[] s_order =
        [TaskStates.Success, TaskStates.Failure, "", TaskStates.Revoked, TaskStates.Started, TaskStates.Received, TaskStates.Rejected, TaskStates.Retry, TaskStates.Pending];

    public static ClusterWorker Apply(ClusterWorker worker, CeleryEvent happened) => worker with
    {
        ProcessId = happened.ProcessId ?? worker.ProcessId,
        Frequency = happened.Number("freq") is { } seconds and > 0 and <= LongestFrequency ? TimeSpan.FromSeconds(seconds) : worker.Frequency,
        Active = Whole(happened, "active") is { } active ? (int)Math.Min(active, int.MaxValue) : worker.Active,
        Processed = Whole(happened, "processed") ?? worker.Processed,
        LoadAverage = LoadOf(happened) ?? worker.LoadAverage,
        Software = Short(happened, "sw_ident") ?? worker.Software,
        SoftwareVersion = Short(happened, "sw_ver") ?? worker.SoftwareVersion,
        SystemName = Short(happened, "sw_sys") ?? worker.SystemName,
        Clock = happened.Clock,
        LastHeard = happened.Type == EventTypes.WorkerOffline ? null : happened.ReceivedAt,
    };

    public static ClusterTask Apply(ClusterTask task, CeleryEvent happened)
    {
        var state = StateOf(happened.Type);
        var next = Timed(Read(task, happened), happened);
        next = happened.Type == EventTypes.TaskSent ? next with { Client = Cut(happened.Hostname, LongestName) } : next with { Worker = Cut(happened.Hostname, LongestName) };
        // Events of one task may come out of order: one that logically comes before what is known adds its fields and changes no state.
        var isLate = state != TaskStates.Retry && task.State != TaskStates.Retry && Place(state) > Place(task.State);
        return isLate ? next : next with { State = state, Timestamp = happened.Timestamp, Clock = happened.Clock };
    }

    private static ClusterTask Read(ClusterTask task, CeleryEvent happened) => task with
    {
        Name = Short(happened, "name") ?? task.Name,
        Args = Long(happened, "args") ?? task.Args,
        Kwargs = Long(happened, "kwargs") ?? task.Kwargs,
        Eta = Short(happened, "eta") ?? task.Eta,
        Expires = Short(happened, "expires") ?? task.Expires,
        Retries = Whole(happened, "retries") is { } retries ? (int)Math.Min(retries, int.MaxValue) : task.Retries,
        Result = Long(happened, "result") ?? task.Result,
        Exception = Long(happened, "exception") ?? task.Exception,
        Traceback = Long(happened, "traceback") ?? task.Traceback,
        Runtime = happened.Number("runtime") is { } seconds and >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : task.Runtime,
        Queue = Short(happened, "queue") ?? task.Queue,
        Exchange = Short(happened, "exchange") ?? task.Exchange,
        RoutingKey = Short(happened, "routing_key") ?? task.RoutingKey,
        RootId = Short(happened, "root_id") ?? task.RootId,
        ParentId = Short(happened, "parent_id") ?? task.ParentId,
    };

    private static ClusterTask Timed(ClusterTask task, CeleryEvent happened) => happened.Type switch
    {
        EventTypes.TaskSent => task with { Sent = happened.Timestamp },
        EventTypes.TaskReceived => task with { Received = happened.Timestamp },
        EventTypes.TaskStarted => task with { Started = happened.Timestamp },
        EventTypes.TaskSucceeded => task with { Succeeded = happened.Timestamp },
        EventTypes.TaskFailed => task with { Failed = happened.Timestamp },
        EventTypes.TaskRetried => task with { Retried = happened.Timestamp },
        EventTypes.TaskRevoked => task with { Revoked = happened.Timestamp },
        EventTypes.TaskRejected => task with { Rejected = happened.Timestamp },
        _ => task,
    };

    private static string StateOf(string type) => type switch
    {
        EventTypes.TaskSent => TaskStates.Pending,
        EventTypes.TaskReceived => TaskStates.Received,
        EventTypes.TaskStarted => TaskStates.Started,
        EventTypes.TaskSucceeded => TaskStates.Success,
        EventTypes.TaskFailed => TaskStates.Failure,
        EventTypes.TaskRetried => TaskStates.Retry,
        EventTypes.TaskRevoked => TaskStates.Revoked,
        EventTypes.TaskRejected => TaskStates.Rejected,
        var own => Cut(own[EventExchange.TaskGroup.Length..], LongestName).ToUpperInvariant(),
    };

    /// <summary>Celery's order of states; a state of a program's own has the place of the empty text.</summary>
    private static int Place(string state) => Array.IndexOf(s_order, state) is var place and >= 0 ? place : Array.IndexOf(s_order, "");

    private static long? Whole(CeleryEvent happened, string field) => happened.Number(field) is { } number and >= 0 and < 1e15 ? (long)number : null;

    private static string? Short(CeleryEvent happened, string field) => happened.Text(field) is { } text ? Cut(text, LongestName) : null;

    private static string? Long(CeleryEvent happened, string field) => happened.Text(field) is { } text ? Cut(text, LongestText) : null;

    private static string Cut(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most), "…");

    private static double[]? LoadOf(CeleryEvent happened)
    {
        if (!happened.Fields.TryGetValue("loadavg", out var load) || load.ValueKind != JsonValueKind.Array)
        {
            return null;
        }
        return [.. load.EnumerateArray().Take(3).Select(value => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : 0)];
    }
}
