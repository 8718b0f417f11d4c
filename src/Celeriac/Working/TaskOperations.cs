using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>What a running task may do through its context.</summary>
internal sealed class TaskOperations(IResultStore results, WorkerEvents events) : ITaskOperations
{
    /// <summary>What a record tells beside Celery's own members.</summary>
    public TaskRecords Records { get; init; } = TaskRecords.Plain;

    /// <summary>Where checkpoints are.</summary>
    public required StateHome State { get; init; }

    public ValueTask UpdateStateAsync(TaskRequest request, string state, ReadOnlyMemory<byte> meta, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(state);
        if (TaskStates.IsReady(state) || TaskStates.IsException(state))
        {
            throw new ArgumentException($"State '{state}' is written by the worker when the run ends. Choose a name of your own, for example PROGRESS.", nameof(state));
        }
        return results.WriteAsync(Records.Of(request, state, meta), request.ReplyTo, cancellationToken);
    }

    public void SendEvent(TaskRequest request, string type, JsonObject? fields) => events.Custom(type, request, new CustomFields(type, fields, ofTask: true));

    public ValueTask SaveCheckpointAsync(TaskRequest request, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var store = CheckpointStore(request);
        request.HasCheckpoint = true;
        return Checkpoints.SaveAsync(store, request.Id, json, cancellationToken);
    }

    public ValueTask<ReadOnlyMemory<byte>?> ReadCheckpointAsync(TaskRequest request, CancellationToken cancellationToken)
    {
        var store = CheckpointStore(request);
        request.HasCheckpoint = true;
        return Checkpoints.ReadAsync(store, request.Id, cancellationToken);
    }

    private IStateStore CheckpointStore(TaskRequest request) => State.Require($"The checkpoint of task '{request.Task}'").Store;

    /// <summary>Writes STARTED. A state that cannot be written must not keep the task from running.</summary>
    public async ValueTask MarkStartedAsync(TaskRequest request, string node, ILogger log, CancellationToken cancellationToken)
    {
        // The pid is a number, as Python writes it (CELERY-PROTOCOL section 7).
        var meta = TaskJson.Encode<JsonNode>(new JsonObject { ["pid"] = Environment.ProcessId, ["hostname"] = node });
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
