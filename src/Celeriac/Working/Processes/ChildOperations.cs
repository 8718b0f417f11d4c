using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Celeriac.Events;
using Celeriac.Protocol;

namespace Celeriac.Working.Processes;

/// <summary>What a running task may do through its context, in a child: the worker does it, so that what it writes stands before the outcome.</summary>
internal sealed class ChildOperations(FrameConnection worker) : ITaskOperations
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<string?>> _waiting = new();
    private long _number;

    public async ValueTask UpdateStateAsync(TaskRequest request, string state, ReadOnlyMemory<byte> meta, CancellationToken cancellationToken)
    {
        TaskOperations.RequireOwnState(state);
        var number = Interlocked.Increment(ref _number);
        var answer = _waiting[number] = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            worker.Send(FrameKind.State, Payload.Write(writer =>
            {
                writer.Write(number);
                writer.PutText(state);
                writer.PutBytes(meta);
            }));
            if (await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false) is { } fault)
            {
                throw new InvalidOperationException($"State '{state}' of task {request.Task}[{request.Id}] could not be written: {fault}");
            }
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
