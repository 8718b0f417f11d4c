using Celeriac.Messaging;
using Celeriac.Sqlite.Reading;
using Celeriac.Sqlite.Writing;

namespace Celeriac.Sqlite;

/// <summary>Shared state in the file of the queues. Writes share the commits of all others; the processes of one machine share its clock.</summary>
internal sealed class SqliteState(StoreWriter writer, ReadConnections readers, TimeProvider time) : IStateStore
{
    public async ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return readers.Read(static (session, asked) => session.ReadState(asked.keys, asked.Now), (keys, Now: time.GetUtcNow()));
    }

    public ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default) =>
        writer.RunAsync(new StateJob(changes, time) { IsUncancellableOnceStarted = true }, cancellationToken);

    public async ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default)
    {
        await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return readers.Read(static (session, asked) => session.State.List(asked.prefix, asked.limit, asked.after, asked.Now), (prefix, limit, after, Now: time.GetUtcNow()));
    }

    private async ValueTask EnsureOpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!writer.IsOpen)
        {
            await writer.OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // The time is read when the work is done, behind whatever was waited for.
    private sealed class StateJob(IReadOnlyList<StateChange> changes, TimeProvider time)
        : WriteJob<StateAnswer>(session => session.State.TryWrite(changes, time.GetUtcNow()))
    {
        public override long Weight { get; } = changes.Sum(change => (long)(change.Content?.Length ?? 0));
    }
}
