using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac;

/// <summary>Where results are kept, and how they are awaited. Accepted by the suite in <c>Celeriac.Conformance</c>.</summary>
public interface IResultStore : IAsyncDisposable
{
    /// <summary>
    /// Called before a task is sent whose result will be wanted; answers the queue for its <c>reply_to</c>, or null where results are not replies.
    /// </summary>
    ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default);

    /// <summary>What is known of a task; null for nothing yet (Celery's PENDING).</summary>
    ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default);

    /// <summary>Waits until the task has ended.</summary>
    ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default);

    /// <summary>
    /// The record as a part of a completion on <paramref name="transport"/>, so that result and acknowledgement commit together;
    /// null where this store is elsewhere: then <see cref="WriteAsync"/> is called before the completion.
    /// </summary>
    /// <param name="transport">Where the task's message came from.</param>
    /// <param name="record">The record.</param>
    /// <param name="replyTo">The task's <c>reply_to</c>.</param>
    ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo);

    /// <summary>Writes a record by itself.</summary>
    ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default);

    /// <summary>True where a result can be lost on its way, as a reply can when a broker restarts: a wait that ends in vain says so. Default false.</summary>
    bool MayLoseResults => false;

    /// <summary>How the store's own connection stands; null, the default, where it has none of its own, as replies, which go through the broker.</summary>
    TransportHealth? Health => null;

    /// <summary>Connects where the store has a connection of its own. Nobody has to: it connects at its first use. Default: nothing.</summary>
    /// <exception cref="TransportException">The store cannot be reached, or refuses.</exception>
    ValueTask ConnectAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <summary>The shared state that lies beside the results; null, the default, where the store cannot keep any.</summary>
    IStateStore? State => null;

    /// <summary>Where groups are saved; null, the default, where the store cannot keep any.</summary>
    IGroupStore? Groups => null;

    /// <summary>Deletes what is kept of a task.</summary>
    ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default);
}

/// <summary>A result as a part of a completion.</summary>
/// <param name="Document">A document to commit with it.</param>
/// <param name="Reply">A message to send with it.</param>
public sealed record ResultAttachment(Document? Document, Publication? Reply);
