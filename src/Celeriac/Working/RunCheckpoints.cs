using Celeriac.SharedState;

namespace Celeriac.Working;

/// <summary>The checkpoints of a run; the request remembers that there was one, so that the end of the task takes it away.</summary>
internal sealed class RunCheckpoints(StateHome state)
{
    public ValueTask SaveAsync(TaskRequest request, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var store = StoreFor(request);
        request.HasCheckpoint = true;
        return Checkpoints.SaveAsync(store, request.Id, json, cancellationToken);
    }

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(TaskRequest request, CancellationToken cancellationToken)
    {
        var store = StoreFor(request);
        request.HasCheckpoint = true;
        return Checkpoints.ReadAsync(store, request.Id, cancellationToken);
    }

    private Celeriac.Messaging.IStateStore StoreFor(TaskRequest request) => state.Require($"The checkpoint of task '{request.Task}'").Store;
}
