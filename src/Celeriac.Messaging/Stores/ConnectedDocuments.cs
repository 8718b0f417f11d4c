namespace Celeriac.Messaging.Stores;

/// <summary>A store's documents behind its transport: they connect by themselves, as everything of a transport does.</summary>
internal sealed class ConnectedDocuments(StoreTransport transport, IQueueStore store) : IDocumentStore
{
    public long Changes => store.Changes;

    public async ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        await store.WriteAsync(documents, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await store.ReadAsync(keys, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await store.LatestSequenceAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await store.KeysAfterAsync(sequence, limit, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<DocumentNews> FollowAsync(long sequence, int limit, IReadOnlyList<string> keys, Func<string, bool> isWanted, CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return await ((IDocumentStore)store).FollowAsync(sequence, limit, keys, isWanted, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        await store.DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default)
    {
        await transport.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        await store.WaitForChangeAsync(seen, atMost, cancellationToken).ConfigureAwait(false);
    }
}
