using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>Reads documents by key and as a log.</summary>
internal sealed class DocumentQueries(Database database)
{
    // A larger content lies in pages of its own, which are read only for who wants it.
    private const int LargestWithKey = 1024;

    private readonly Statement _news = database.Prepare($"""
        SELECT sequence, key, CASE WHEN length(content) <= {LargestWithKey} THEN content END FROM documents
        WHERE sequence > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY sequence LIMIT ?
        """);
    private readonly Statement _content = database.Prepare("SELECT content FROM documents WHERE sequence = ?");
    private readonly Statement _read = database.Prepare("SELECT sequence, content FROM documents WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)");
    // Not the greatest number in the table: that may fall when the newest document is deleted.
    private readonly Statement _latest = database.Prepare("SELECT value FROM meta WHERE name = 'last_document'");
    private readonly Statement _after = database.Prepare("""
        SELECT sequence, key FROM documents WHERE sequence > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY sequence LIMIT ?
        """);

    /// <summary>The documents that exist and have not expired.</summary>
    public IReadOnlyList<StoredDocument> Read(IReadOnlyList<string> keys, long now)
    {
        List<StoredDocument> documents = new(keys.Count);
        Read(keys, now, documents);
        return documents;
    }

    /// <summary>The wanted ones of those written after a sequence, and those under some keys. The caller has a transaction.</summary>
    public DocumentNews Follow(long sequence, int limit, IReadOnlyList<string> keys, Func<string, bool> isWanted, long now)
    {
        List<StoredDocument> documents = [];
        _news.With(sequence).With(now).With((long)limit);
        while (_news.Read())
        {
            sequence = _news.Number(0);
            var key = _news.Text(1);
            if (isWanted(key))
            {
                documents.Add(new StoredDocument(key, _news.IsNull(2) ? Content(sequence) : _news.Bytes(2), sequence));
            }
        }
        Read(keys, now, documents);
        return new DocumentNews(documents, sequence);
    }

    private byte[] Content(long sequence)
    {
        var content = _content.With(sequence).Read() ? _content.Bytes(0) : [];
        _content.Reset();
        return content;
    }

    private void Read(IReadOnlyList<string> keys, long now, List<StoredDocument> documents)
    {
        foreach (var key in keys)
        {
            if (_read.With(key).With(now).Read())
            {
                documents.Add(new StoredDocument(key, _read.Bytes(1), _read.Number(0)));
            }
            _read.Reset();
        }
    }

    /// <summary>The sequence of the newest write.</summary>
    public long Latest() => _latest.ReadNumber() ?? 0;

    /// <summary>Keys written after a sequence, in order.</summary>
    public IReadOnlyList<(long Sequence, string Key)> KeysAfter(long sequence, int limit, long now)
    {
        List<(long Sequence, string Key)> keys = [];
        _after.With(sequence).With(now).With((long)limit);
        while (_after.Read())
        {
            keys.Add((_after.Number(0), _after.Text(1)));
        }
        return keys;
    }
}
