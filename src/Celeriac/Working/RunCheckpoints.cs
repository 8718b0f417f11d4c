using Celeriac.SharedState;

namespace Celeriac.Working;

/// <summary>The checkpoints of a run; the request remembers that there was one, so that the end of the task takes it away.</summary>
internal sealed class RunCheckpoints(StateHome state)
{
    /// <exception cref="SharedStateException">There is no shared state, or a later run of the task has saved.</exception>
    public async ValueTask SaveAsync(TaskRequest request, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var updates = UpdatesFor(request);
        request.HasCheckpoint = true;
        if (!await Checkpoints.SaveAsync(updates, request.Id, RunNumber.Of(request), json, cancellationToken).ConfigureAwait(false))
        {
            throw new SharedStateException(
                $"The checkpoint of task '{request.Task}[{request.Id}]' was not saved, because a later run of the task has saved one: this run has lost its message, and its outcome will not count. Let the exception end it.");
        }
    }

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(TaskRequest request, CancellationToken cancellationToken)
    {
        var updates = UpdatesFor(request);
        request.HasCheckpoint = true;
        return Checkpoints.ReadAsync(updates.Store, request.Id, cancellationToken);
    }

    private StateUpdates UpdatesFor(TaskRequest request) => state.Require($"The checkpoint of task '{request.Task}'");
}
