using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>
/// Numbers that only grow and never come back, also after the newest row was deleted. SQLite's AUTOINCREMENT promises the same and looks its table through
/// for every row; this reads and writes the last number once in a transaction.
/// </summary>
internal sealed class RowNumbers(Database database, string name)
{
    private readonly Statement _read = database.Prepare($"SELECT value FROM meta WHERE name = '{name}'");
    private readonly Statement _write = database.Prepare($"UPDATE meta SET value = ? WHERE name = '{name}'");
    private long? _last;
    private bool _isChanged;

    /// <summary>The last number given, within the transaction.</summary>
    public long Last => _last ??= _read.ReadNumber() ?? 0;

    /// <summary>Gives a number.</summary>
    public long Next()
    {
        _isChanged = true;
        var next = Last + 1;
        _last = next;
        return next;
    }

    /// <summary>At the beginning of a transaction: other processes may have given numbers since.</summary>
    public void Forget()
    {
        _last = null;
        _isChanged = false;
    }

    /// <summary>At the end of a transaction.</summary>
    public void Write()
    {
        if (_isChanged)
        {
            _isChanged = false;
            _write.With(Last).Run();
        }
    }
}
