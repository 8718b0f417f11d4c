using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Amqp.Publishing;

/// <summary>Where a publication really goes: straight, or to the top of the delay ladder.</summary>
internal readonly record struct PublishRoute(string Exchange, string RoutingKey, bool IsMandatory, bool IsDelayed = false);

/// <summary>A publication on its way to the broker's confirmation. Its fields are guarded by the publisher's lock, but for the answer.</summary>
internal sealed class PendingPublish
{
    private readonly PublishBatch _batch;
    private readonly int _index;

    public PendingPublish(Publication publication, AmqpProperties properties, PublishRoute route, PublishBatch batch, int index)
    {
        Publication = publication;
        Properties = properties;
        Route = route;
        _batch = batch;
        _index = index;
    }

    public Publication Publication { get; }

    public AmqpProperties Properties { get; }

    public PublishRoute Route { get; }

    /// <summary>Its place in the publisher's list of what waits to be sent.</summary>
    public LinkedListNode<PendingPublish> Node => field ??= new LinkedListNode<PendingPublish>(this);

    /// <summary>It was handed to a connection: from then on it may have arrived.</summary>
    public bool WasSent { get; set; }

    /// <summary>A channel that it was sent on was closed by the broker: it is sent again alone, so that the culprit shows.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>The broker has returned it: its confirmation says only that it is gone.</summary>
    public bool WasReturned { get; set; }

    public bool IsDone => _batch.IsDone(_index);

    public void Confirmed() => _batch.Done(_index, null);

    public void Failed(Exception error) => _batch.Done(_index, error);
}

/// <summary>The publications of one call: done when each has its answer. The first answer of each counts.</summary>
/// <param name="count">How many.</param>
/// <param name="answers">Where its caller goes on: those whose answers came together do so in one piece of work.</param>
internal sealed class PublishBatch(int count, AnswerLine answers) : IAnswer
{
    // For most calls one.
    private readonly int[]? _isDone = count == 1 ? null : new int[count];
    private int _isOneDone;
    private readonly TaskCompletionSource _done = new();
    private Exception?[]? _errors;
    private int _open = count;

    /// <summary>Ends, never with an error, when every publication has its answer.</summary>
    public Task Completion => _done.Task;

    /// <summary>Its place among the calls that wait.</summary>
    public LinkedListNode<PublishBatch>? Place { get; set; }

    /// <summary>Since when it waits.</summary>
    public long Since { get; set; }

    /// <summary>What was handed in; null for what was refused before.</summary>
    public PendingPublish?[] Pending { get; } = new PendingPublish?[count];

    /// <summary>What is sent.</summary>
    public ReadOnlyMemory<Publication> Publications { get; init; }

    public bool IsDone(int index) => Volatile.Read(ref Flag(index)) != 0;

    public void Done(int index, Exception? error)
    {
        if (Interlocked.CompareExchange(ref Flag(index), 1, 0) != 0)
        {
            return;
        }
        if (error is not null)
        {
            (_errors ?? Interlocked.CompareExchange(ref _errors, new Exception?[Pending.Length], null) ?? _errors)[index] = error;
        }
        if (Interlocked.Decrement(ref _open) == 0)
        {
            answers.Add(this);
            answers.Go();
        }
    }

    /// <inheritdoc/>
    public void Tell() => _done.TrySetResult();

    /// <summary>Throws what went wrong. Call it after <see cref="Completion"/>.</summary>
    /// <exception cref="PublishException">Some of a list failed.</exception>
    public void ThrowIfFailed()
    {
        if (_errors is null)
        {
            return;
        }
        var failures = _errors.Select((error, index) => (Index: index, Error: error)).Where(failure => failure.Error is not null)
            .Select(failure => (failure.Index, Error: failure.Error!)).ToList();
        // A wait that ended says nothing about single messages: the whole list is in doubt, as on every transport.
        var unknown = failures.TrueForAll(failure => failure.Error is PublishUnknownException);
        throw _errors.Length == 1 || unknown ? failures[0].Error : new PublishException(failures, _errors.Length);
    }

    private ref int Flag(int index) => ref _isDone is null ? ref _isOneDone : ref _isDone[index];
}
