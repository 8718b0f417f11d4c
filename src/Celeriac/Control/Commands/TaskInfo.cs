using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Working;

namespace Celeriac.Control.Commands;

/// <summary>A task as remote control shows it (CELERY-PROTOCOL section 15.5).</summary>
internal static class TaskInfo
{
    // A large argument is shown as the text that its sender has shortened.
    private const int LargestArguments = 64 << 10;

    public static JsonNode Of(AdmittedTask task, string node, bool safe = false)
    {
        var request = task.Request;
        var message = request.Message;
        return new JsonObject
        {
            ["id"] = request.Id,
            ["name"] = string.IsNullOrEmpty(request.Shadow) ? request.Task : request.Shadow,
            ["args"] = Arguments(request, request.Args, request.ArgsRepr ?? "()", safe),
            ["kwargs"] = Arguments(request, request.Kwargs, request.KwargsRepr ?? "{}", safe),
            ["type"] = request.Task,
            ["hostname"] = node,
            ["time_start"] = task.StartedAt is { } started ? Float((started - DateTimeOffset.UnixEpoch).TotalSeconds) : null,
            ["acknowledged"] = task.IsAcknowledged,
            ["delivery_info"] = new JsonObject
            {
                ["exchange"] = task.Delivery.Exchange,
                ["routing_key"] = task.Delivery.RoutingKey,
                ["priority"] = message.Priority ?? 0,
                ["redelivered"] = task.Delivery.Redelivered,
            },
            ["worker_pid"] = task.Stage == TaskStage.Active ? task.ProcessId : null,
        };
    }

    /// <summary>A number that Python reads as a float: <c>12.0</c>, never <c>12</c>.</summary>
    public static JsonNode Float(double value) => JsonNode.Parse(PythonFloat.Repr(value))!;

    private static JsonNode? Arguments(TaskRequest request, JsonSlice slice, string repr, bool safe)
    {
        if (safe || slice.Length is 0 or > LargestArguments)
        {
            return repr;
        }
        try
        {
            return JsonNode.Parse(request.Body.Span.Slice(slice.Start, slice.Length), null, new JsonDocumentOptions { MaxDepth = 100 });
        }
        catch (JsonException)
        {
            return repr;
        }
    }
}
