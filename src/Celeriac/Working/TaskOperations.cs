using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>What a running task may do through its context.</summary>
internal sealed class TaskOperations(IResultStore results, WorkerEvents events) : ITaskOperations
{
    /// <summary>What a record tells beside Celery's own members.</summary>
    public TaskRecords Records { get; init; } = TaskRecords.Plain;

    public ValueTask UpdateStateAsync(TaskRequest request, string state, ReadOnlyMemory<byte> meta, CancellationToken cancellationToken)
    {
        RequireOwnState(state);
        return results.WriteAsync(Records.Of(request, state, meta), request.ReplyTo, cancellationToken);
    }

    /// <exception cref="ArgumentException">The state is one of Celery's final states.</exception>
    public static void RequireOwnState(string state)
    {
        ArgumentException.ThrowIfNullOrEmpty(state);
        if (TaskStates.IsReady(state) || TaskStates.IsException(state))
        {
            throw new ArgumentException($"State '{state}' is written by the worker when the run ends. Choose a name of your own, for example PROGRESS.", nameof(state));
        }
    }

    public void SendEvent(TaskRequest request, string type, JsonObject? fields) => events.Custom(type, request, new CustomFields(type, fields, ofTask: true));

    /// <summary>Writes STARTED. A state that cannot be written must not keep the task from running.</summary>
    public async ValueTask MarkStartedAsync(TaskRequest request, int processId, string node, ILogger log, CancellationToken cancellationToken)
    {
        // The pid is a number, as Python writes it (CELERY-PROTOCOL section 7).
        var meta = TaskJson.Encode<JsonNode>(new JsonObject { ["pid"] = processId, ["hostname"] = node });
        try
        {
            await results.WriteAsync(Records.Of(request, TaskStates.Started, meta), request.ReplyTo, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Log.StateNotWritten(log, error, request.Task, request.Id, TaskStates.Started);
        }
    }
}
