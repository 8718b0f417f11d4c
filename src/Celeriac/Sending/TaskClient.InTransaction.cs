using Celeriac.Messaging;
using Celeriac.Sending;

namespace Celeriac;

// The client whose messages go into a transaction of the user's.
public sealed partial class TaskClient
{
    private readonly bool _isInTransaction;

    private TaskClient(TaskClient original, ITransport transport, TaskQueues queues)
    {
        _isInTransaction = true;
        // What it shares is the original's to dispose.
        _disposed = 1;
        (SharedState, Chords, Transport, Results, DefaultQueue) = (original.SharedState, original.Chords, transport, original.Results, original.DefaultQueue);
        (Contents, Time, Queues, Router) = (original.Contents, original.Time, queues, original.Router);
        (_dispatcher, Events, Clock, Log) = (original._dispatcher, original.Events, original.Clock, original.Log);
        (_filters, Place, Telemetry) = (original._filters, original.Place, original.Telemetry);
    }

    /// <summary>
    /// The same client, whose messages go another way: into a transaction of the user's. It tells nobody of what it sends, for nobody knows yet whether that will
    /// exist, and it takes no unique task.
    /// </summary>
    /// <param name="transport">The way.</param>
    /// <param name="declares">True declares queues before, outside the transaction; false leaves that to whoever publishes at last.</param>
    internal TaskClient Over(ITransport transport, bool declares) => new(this, transport, declares ? Queues : new TaskQueues(transport, Queues.Definitions, () => Log));

    /// <exception cref="InvalidOperationException">This is a client inside a transaction, which shared state is not part of.</exception>
    internal TaskClient RequireNoTransaction(string what) => _isInTransaction
        ? throw new InvalidOperationException($"{what} would outlive a rollback, so it cannot be sent inside a transaction. Send it after the commit.")
        : this;
}
