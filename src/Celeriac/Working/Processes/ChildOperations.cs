using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Celeriac.Events;
using Celeriac.Protocol;

namespace Celeriac.Working.Processes;

/// <summary>What a running task may do through its context, in a child: the worker does it, so that what it writes stands before the outcome.</summary>
internal sealed class ChildOperations(FrameConnection worker, RunCheckpoints checkpoints, TimeProvider time) : ITaskOperations
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<string?>> _waiting = new();
    private long _number;

    public async ValueTask UpdateStateAsync(TaskRequest request, string state, ReadOnlyMemory<byte> meta, CancellationToken cancellationToken)
    {
        TaskOperations.RequireOwnState(state);
        var fault = await AskAsync(FrameKind.State, writer =>
        {
            writer.PutText(state);
            writer.PutBytes(meta);
        }, cancellationToken).ConfigureAwait(false);
        if (fault is not null)
        {
            throw new InvalidOperationException($"State '{state}' of task {request.Task}[{request.Id}] could not be written: {fault}");
        }
    }

    // The worker logs what cannot be stored: the task runs on.
    public async ValueTask ReportProgressAsync(TaskRequest request, TaskProgress progress, ProgressThrottle throttle, CancellationToken cancellationToken)
    {
        if (throttle.Passes(progress, time))
        {
            await AskAsync(FrameKind.Progress, writer =>
            {
                writer.Write(progress.Current);
                writer.Write(progress.Total);
                writer.PutText(progress.Description);
            }, cancellationToken).ConfigureAwait(false);
        }
    }

    // Shared state is reached from any process.
    public ValueTask SaveCheckpointAsync(TaskRequest request, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) => checkpoints.SaveAsync(request, json, cancellationToken);

    public ValueTask<ReadOnlyMemory<byte>?> ReadCheckpointAsync(TaskRequest request, CancellationToken cancellationToken) => checkpoints.ReadAsync(request, cancellationToken);

    /// <summary>Asks the worker to write something; answers why it could not, or null.</summary>
    private async ValueTask<string?> AskAsync(FrameKind kind, Action<BinaryWriter> write, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _number);
        var answer = _waiting[number] = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            worker.Send(kind, Payload.Write(writer =>
            {
                writer.Write(number);
                write(writer);
            }));
            return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(number, out _);
        }
    }

    public void SendEvent(TaskRequest request, string type, JsonObject? fields)
    {
        // Only its checks: a mistake is told where it is made.
        _ = new CustomFields(type, fields, ofTask: true);
        worker.Send(FrameKind.Event, Payload.Write(writer =>
        {
            writer.PutText(type);
            writer.PutText(fields?.ToJsonString());
        }));
    }

    /// <summary>The worker's answer.</summary>
    public void Written(ReadOnlyMemory<byte> payload)
    {
        using var reader = Payload.Read(payload);
        if (_waiting.TryGetValue(reader.ReadInt64(), out var answer))
        {
            answer.TrySetResult(reader.TakeText());
        }
    }
}
