namespace Celeriac.Messaging.Stores;

/// <summary>Documents in memory, with a log of their keys in the order of writing. The caller holds the store's lock.</summary>
internal sealed class MemoryDocuments
{
    private readonly Dictionary<string, (Document Document, long Sequence)> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _keys = [];

    public long LatestSequence { get; private set; }

    public void Write(IReadOnlyList<Document> documents, DateTimeOffset now)
    {
        foreach (var document in documents)
        {
            if (_documents.TryGetValue(document.Key, out var present))
            {
                // One that has expired counts as deleted, swept or not.
                if (present.Document.IsFinal && !(present.Document.ExpiresAt <= now))
                {
                    continue;
                }
                _keys.Remove(present.Sequence);
            }
            _documents[document.Key] = (document, ++LatestSequence);
            _keys.Add(LatestSequence, document.Key);
        }
    }

    public IReadOnlyList<StoredDocument> Read(IReadOnlyList<string> keys, DateTimeOffset now) =>
        [.. keys.Select(key => _documents.TryGetValue(key, out var found) && !(found.Document.ExpiresAt <= now)
            ? new StoredDocument(key, found.Document.Content, found.Sequence) : null).OfType<StoredDocument>()];

    public IReadOnlyList<(long Sequence, string Key)> KeysAfter(long sequence, int limit)
    {
        // Walking the numbers costs what was written since, which is what the reader has to catch up with.
        var found = new List<(long, string)>();
        for (var next = sequence + 1; next <= LatestSequence && found.Count < limit; next++)
        {
            if (_keys.TryGetValue(next, out var key))
            {
                found.Add((next, key));
            }
        }
        return found;
    }

    public void Delete(IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            if (_documents.Remove(key, out var gone))
            {
                _keys.Remove(gone.Sequence);
            }
        }
    }

    public void Sweep(long now)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(now);
        Delete([.. _documents.Values.Where(found => found.Document.ExpiresAt <= time).Take(500).Select(found => found.Document.Key)]);
    }
}
