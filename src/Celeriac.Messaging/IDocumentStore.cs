namespace Celeriac.Messaging;

/// <summary>A document as read: its content and its place in the order of writing.</summary>
/// <param name="Key">The key.</param>
/// <param name="Content">The bytes.</param>
/// <param name="Sequence">Grows with every write to the store; a rewritten document gets a new number.</param>
public sealed record StoredDocument(string Key, ReadOnlyMemory<byte> Content, long Sequence);

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

    /// <summary>Deletes documents.</summary>
    ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default);

    /// <summary>A number that moves with every change this process has noticed; read it before looking, then wait with it.</summary>
    long Changes { get; }

    /// <summary>Returns when <see cref="Changes"/> differs from <paramref name="seen"/>, or after <paramref name="atMost"/>, whichever is first.</summary>
    ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default);
}
