using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Reading;

/// <summary>Reads shared state by key and by prefix.</summary>
internal sealed class StateQueries(Database database)
{
    // Keys are ASCII without control characters: nothing with the prefix lies behind this.
    private const char BehindAll = '\u007f';

    private readonly Statement _read = database.Prepare("SELECT key, content, version, expires_at FROM state WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)");
    private readonly Statement _list = database.Prepare("""
        SELECT key, content, version, expires_at FROM state WHERE key >= ? AND key < ? AND key > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?
        """);

    /// <summary>The values that exist and have not expired. The caller has a transaction.</summary>
    public StateReading Read(IReadOnlyList<string> keys, DateTimeOffset now)
    {
        List<StateEntry> entries = new(keys.Count);
        foreach (var key in keys)
        {
            if (_read.With(key).With(now.ToUnixTimeMilliseconds()).Read())
            {
                entries.Add(Entry(_read));
            }
            _read.Reset();
        }
        return new StateReading(entries, now);
    }

    /// <summary>A page of the values whose keys begin with a text.</summary>
    public StateReading List(string prefix, int limit, string? after, DateTimeOffset now)
    {
        List<StateEntry> entries = [];
        _list.With(prefix).With(prefix + BehindAll).With(after ?? "").With(now.ToUnixTimeMilliseconds()).With((long)limit);
        while (_list.Read())
        {
            entries.Add(Entry(_list));
        }
        return new StateReading(entries, now);
    }

    private static StateEntry Entry(Statement row) => new(row.Text(0), row.Bytes(1), row.Number(2), row.NumberOrNull(3) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null);
}
