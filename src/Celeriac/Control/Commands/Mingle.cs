using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Working;

namespace Celeriac.Control.Commands;

/// <summary>
/// Workers that start ask the others what is revoked (CELERY-PROTOCOL section 16). Times travel as floats of the sender's monotonic clock:
/// Python refuses whole numbers, and Unix time would never expire there. What we are told counts from now on our own clock.
/// </summary>
internal static class Mingle
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    public static ControlCommand[] Commands { get; } = [ControlCommand.Inspect("hello", Hello)];

    /// <summary>Asks, and takes over what the others know. A fleet that does not answer is no fault.</summary>
    public static async Task AskAsync(ControlledWorker worker, CancellationToken stop)
    {
        try
        {
            var arguments = new JsonObject { ["from_node"] = worker.Node, ["revoked"] = Revoked(worker.State.Revocations) };
            var replies = await new RemoteControl(worker.Client).BroadcastAsync("hello", arguments, new ControlOptions { Timeout = s_patience }, stop).ConfigureAwait(false);
            foreach (var reply in replies.Where(reply => reply.Node != worker.Node && reply.Value.ValueKind == JsonValueKind.Object && reply.Error is null))
            {
                Merge(worker, reply.Value);
                Log.Mingled(worker.Log, worker.Node, TaskMessageDecoder.Shown(reply.Node));
            }
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException)
        {
            Log.MingleFailed(worker.Log, error, worker.Node);
        }
    }

    private static JsonObject? Hello(ControlCall call)
    {
        if (call.RequireText("from_node") == call.Worker.Node)
        {
            return null;
        }
        Merge(call.Worker, call.Arguments);
        return new JsonObject { ["revoked"] = Revoked(call.Worker.State.Revocations), ["clock"] = call.Worker.Client.Clock.Forward() };
    }

    private static void Merge(ControlledWorker worker, JsonElement told)
    {
        if (told.TryGetProperty("revoked"u8, out var revoked) && revoked.ValueKind == JsonValueKind.Object)
        {
            worker.State.Revocations.Add(revoked.EnumerateObject().Take(Revocations.MostIds).Select(entry => entry.Name));
        }
    }

    private static JsonObject Revoked(Revocations revocations)
    {
        var now = Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        var all = new JsonObject();
        foreach (var (id, age) in revocations.Ids)
        {
            all[id] = new JsonArray(TaskInfo.Float(now - age.TotalSeconds), id);
        }
        return all;
    }
}
