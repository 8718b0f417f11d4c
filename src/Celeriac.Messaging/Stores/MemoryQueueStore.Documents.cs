namespace Celeriac.Messaging.Stores;

// The documents and the shared state of the store in memory.
public sealed partial class MemoryQueueStore
{
    /// <inheritdoc/>
    public IStateStore State => _state;

    /// <inheritdoc/>
    public long Changes => _changes.Version;

    /// <inheritdoc/>
    public ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default) =>
        _changes.WaitAsync(seen, atMost, _time, cancellationToken);

    /// <inheritdoc/>
    public ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        lock (_lock)
        {
            _documents.Write(documents, _time.GetUtcNow());
        }
        _changes.Pulse();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        lock (_lock)
        {
            return ValueTask.FromResult(_documents.Read(keys, _time.GetUtcNow()));
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_documents.LatestSequence);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_documents.KeysAfter(sequence, limit));
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        lock (_lock)
        {
            _documents.Delete(keys);
        }
        return ValueTask.CompletedTask;
    }
}
