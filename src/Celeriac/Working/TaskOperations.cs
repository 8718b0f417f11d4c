using System.Text.Json.Nodes;
using Celeriac.Events;
using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Results;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Working;

/// <summary>What a running task may do through its context.</summary>
internal sealed class TaskOperations(IResultStore results, WorkerEvents events) : ITaskOperations
{
    /// <summary>What a record tells beside Celery's own members.</summary>
    public TaskRecords Records { get; init; } = TaskRecords.Plain;

    /// <summary>How many bytes of JSON the meta of a state may have.</summary>
    public int MaxResultBytes { get; init; } = int.MaxValue;

    /// <summary>Where checkpoints are.</summary>
    public required RunCheckpoints Checkpoints { get; init; }

    public ValueTask UpdateStateAsync(TaskRequest request, string state, ReadOnlyMemory<byte> meta, CancellationToken cancellationToken)
    {
        RequireOwnState(state);
        if (meta.Length > MaxResultBytes)
        {
            throw new ArgumentException(ControlFailure.TooLarge($"The meta of state '{state}' has", meta.Length, MaxResultBytes), nameof(meta));
        }
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

    /// <summary>Where a progress that cannot be stored is told.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ValueTask ReportProgressAsync(TaskRequest request, TaskProgress progress, ProgressThrottle throttle, CancellationToken cancellationToken) =>
        throttle.Passes(progress, Time) ? WriteProgressAsync(request, progress, cancellationToken) : default;

    public void SendEvent(TaskRequest request, string type, JsonObject? fields) => events.Custom(type, request, new CustomFields(type, fields, ofTask: true));

    private async ValueTask WriteProgressAsync(TaskRequest request, TaskProgress progress, CancellationToken cancellationToken)
    {
        if (events.SendsTaskEvents)
        {
            SendEvent(request, TaskProgress.Event, progress.ToJson());
        }
        try
        {
            await UpdateStateAsync(request, TaskProgress.State, TaskJson.Encode<JsonNode>(progress.ToJson()), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            Diagnostics.Log.ProgressNotStored(Log, error, request.Task, request.Id);
        }
    }

    public ValueTask SaveCheckpointAsync(TaskRequest request, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) => Checkpoints.SaveAsync(request, json, cancellationToken);

    public ValueTask<ReadOnlyMemory<byte>?> ReadCheckpointAsync(TaskRequest request, CancellationToken cancellationToken) => Checkpoints.ReadAsync(request, cancellationToken);

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
            Diagnostics.Log.StateNotWritten(log, error, request.Task, request.Id, TaskStates.Started);
        }
    }
}
