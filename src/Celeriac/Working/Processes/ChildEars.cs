using System.Text.Json.Nodes;
using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working.Processes;

/// <summary>What the worker does for the running task of a child, because only the worker talks to results and events.</summary>
internal sealed class ChildEars(ITaskOperations operations, ILogger log)
{
    /// <summary>Writes a state, and tells the task how that went.</summary>
    public async Task<ReadOnlyMemory<byte>> WriteStateAsync(TaskRequest request, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        using var reader = Payload.Read(payload);
        var (number, state, meta) = (reader.ReadInt64(), reader.TakeRequiredText(), reader.TakeBytes());
        string? fault = null;
        try
        {
            await operations.UpdateStateAsync(request, state, meta, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            fault = error.Message;
        }
        return Payload.Write(writer =>
        {
            writer.Write(number);
            writer.PutText(fault);
        });
    }

    /// <summary>Writes a progress. What cannot be stored is logged here, and the task goes on.</summary>
    public async Task<ReadOnlyMemory<byte>> WriteProgressAsync(TaskRequest request, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        using var reader = Payload.Read(payload);
        var number = reader.ReadInt64();
        // The child has thinned them out.
        await operations.ReportProgressAsync(request, new TaskProgress(reader.ReadInt64(), reader.ReadInt64(), reader.TakeText()), new ProgressThrottle(), cancellationToken).ConfigureAwait(false);
        return Payload.Write(writer =>
        {
            writer.Write(number);
            writer.PutText(null);
        });
    }

    /// <summary>Sends an event. The child has checked it.</summary>
    public void SendEvent(TaskRequest request, ReadOnlyMemory<byte> payload)
    {
        using var reader = Payload.Read(payload);
        var (type, fields) = (reader.TakeRequiredText(), reader.TakeText());
        try
        {
            operations.SendEvent(request, type, fields is null ? null : JsonNode.Parse(fields) as JsonObject);
        }
        catch (Exception error)
        {
            Log.ChildEventLost(log, error, type, request.Task, request.Id);
        }
    }
}
