namespace Celeriac.Messaging;

/// <summary>A document as read: its content and its place in the order of writing.</summary>
/// <param name="Key">The key.</param>
/// <param name="Content">The bytes.</param>
/// <param name="Sequence">Grows with every write to the store; a rewritten document gets a new number.</param>
public sealed record StoredDocument(string Key, ReadOnlyMemory<byte> Content, long Sequence);

/// <summary>What a look at the log of writes has brought.</summary>
/// <param name="Documents">The documents that were wanted and exist.</param>
/// <param name="Place">The sequence up to which the log was seen: where the next look goes on.</param>
public readonly record struct DocumentNews(IReadOnlyList<StoredDocument> Documents, long Place);

/// <summary>
/// Keyed documents beside the queues of a store. Readers follow it as a log: they ask for the keys written since a sequence,
/// so that thousands of waiters cost what was written, not what is waited for.
/// </summary>
public interface IDocumentStore
{
    /// <summary>Writes documents outside a completion.</summary>
    ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default);

    /// <summary>Reads documents; those that do not exist or have expired are left out.</summary>
    ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default);

    /// <summary>The sequence of the newest write; 0 for none.</summary>
    ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default);

    /// <summary>At most <paramref name="limit"/> keys written after a sequence, in order.</summary>
    ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default);

    /// <summary>
    /// One look for many waiters: of the documents written after a sequence those that <paramref name="isWanted"/> wants, at most <paramref name="limit"/> of them looked at in order,
    /// and those under some keys, whenever they were written. A document may come twice.
    /// </summary>
    /// <param name="sequence">How far the log was seen before.</param>
    /// <param name="limit">How many new documents are looked at.</param>
    /// <param name="keys">Keys to read besides.</param>
    /// <param name="isWanted">Whether somebody waits for a key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    async ValueTask<DocumentNews> FollowAsync(long sequence, int limit, IReadOnlyList<string> keys, Func<string, bool> isWanted, CancellationToken cancellationToken = default)
    {
        // The log first: what is written after it has a higher sequence and comes with the next look.
        var news = await KeysAfterAsync(sequence, limit, cancellationToken).ConfigureAwait(false);
        string[] wanted = [.. keys, .. news.Select(written => written.Key).Where(isWanted)];
        var documents = wanted.Length == 0 ? [] : await ReadAsync(wanted, cancellationToken).ConfigureAwait(false);
        return new DocumentNews(documents, news.Count == 0 ? sequence : news[^1].Sequence);
    }

    /// <summary>Deletes documents.</summary>
    ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default);

    /// <summary>A number that moves with every change this process has noticed; read it before looking, then wait with it.</summary>
    long Changes { get; }

    /// <summary>Returns when <see cref="Changes"/> differs from <paramref name="seen"/>, or after <paramref name="atMost"/>, whichever is first.</summary>
    ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default);
}
