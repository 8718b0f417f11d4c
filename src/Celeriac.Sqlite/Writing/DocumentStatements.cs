using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>Writes documents. Their sequence only grows: an overwrite is a deletion and a new row.</summary>
internal sealed class DocumentStatements(Database database, TimeProvider time)
{
    private readonly Statement _insert = database.Prepare("INSERT INTO documents(sequence, key, expires_at, is_final, content) VALUES(?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING");
    private readonly Statement _makeRoom = database.Prepare("DELETE FROM documents WHERE key = ? AND (is_final = 0 OR expires_at <= ?)");
    private readonly Statement _delete = database.Prepare("DELETE FROM documents WHERE key = ?");

    /// <summary>The places in the log of writes.</summary>
    public RowNumbers Numbers { get; } = new(database, "last_document");

    /// <summary>Writes a document, unless a final one stands under its key.</summary>
    public void Write(Document document)
    {
        // Most keys are new: the insert alone finds out.
        if (!TryInsert(document) && _makeRoom.With(document.Key).With(time.GetUtcNow().ToUnixTimeMilliseconds()).Run() > 0)
        {
            TryInsert(document);
        }
    }

    /// <summary>Deletes documents; answers how many there were.</summary>
    public int Delete(IReadOnlyList<string> keys)
    {
        var deleted = 0;
        foreach (var key in keys)
        {
            deleted += _delete.With(key).Run();
        }
        return deleted;
    }

    private bool TryInsert(Document document) =>
        _insert.With(Numbers.Next()).With(document.Key).With(document.ExpiresAt?.ToUnixTimeMilliseconds()).With(document.IsFinal ? 1L : 0L).With(document.Content.Span).Run() > 0;
}
