using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>Reads documents by key and as a log.</summary>
internal sealed class DocumentQueries(Database database)
{
    private readonly Statement _read = database.Prepare("SELECT sequence, content FROM documents WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)");
    // Not the greatest number in the table: that may fall when the newest document is deleted.
    private readonly Statement _latest = database.Prepare("SELECT seq FROM sqlite_sequence WHERE name = 'documents'");
    private readonly Statement _after = database.Prepare("""
        SELECT sequence, key FROM documents WHERE sequence > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY sequence LIMIT ?
        """);

    /// <summary>The documents that exist and have not expired.</summary>
    public IReadOnlyList<StoredDocument> Read(IReadOnlyList<string> keys, long now)
    {
        List<StoredDocument> documents = new(keys.Count);
        foreach (var key in keys)
        {
            if (_read.With(key).With(now).Read())
            {
                documents.Add(new StoredDocument(key, _read.Bytes(1), _read.Number(0)));
            }
            _read.Reset();
        }
        return documents;
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
