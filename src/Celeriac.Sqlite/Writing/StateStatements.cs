using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Reading;

namespace Celeriac.Sqlite.Writing;

/// <summary>Writes shared state: all changes or none. A version is a row number, which only grows: an overwrite is a deletion and a new row.</summary>
internal sealed class StateStatements(Database database)
{
    private readonly StateQueries _queries = new(database);
    private readonly Statement _delete = database.Prepare("DELETE FROM state WHERE key = ?");
    private readonly Statement _insert = database.Prepare("INSERT INTO state(key, expires_at, content) VALUES(?, ?, ?)");

    /// <summary>Makes the changes if every expectation holds.</summary>
    public StateAnswer TryWrite(IReadOnlyList<StateChange> changes, DateTimeOffset now)
    {
        string[] keys = [.. changes.Select(change => change.Key)];
        var present = _queries.Read(keys, now);
        var versions = present.Entries.ToDictionary(entry => entry.Key, entry => entry.Version, StringComparer.Ordinal);
        if (changes.Any(change => change.ExpectedVersion is { } version && versions.GetValueOrDefault(change.Key) != version))
        {
            return new StateAnswer(false, present);
        }
        return new StateAnswer(true, new StateReading([.. changes.Select(change => Write(change, now)).OfType<StateEntry>()], now));
    }

    private StateEntry? Write(StateChange change, DateTimeOffset now)
    {
        // Also one that has expired and is not yet swept.
        _delete.With(change.Key).Run();
        if (change.Content is not { } content)
        {
            return null;
        }
        var expires = now + change.Lifetime;
        _insert.With(change.Key).With(expires?.ToUnixTimeMilliseconds()).With(content.Span).Run();
        return new StateEntry(change.Key, content, database.LastInsertedRow, expires);
    }
}
