using SQLitePCL;
using static SQLitePCL.raw;

namespace Celeriac.Sqlite.Engine;

/// <summary>
/// One SQLite connection, used by one thread at a time. It sits on SQLite's own API and not on ADO.NET, which copies each body once more,
/// costs about 1.5 µs a statement, and sleeps in steps of 150 ms of its own where a lock is taken.
/// </summary>
internal sealed class Database : IDisposable
{
    private readonly sqlite3 _handle;
    private readonly List<Statement> _statements = [];

    static Database() => Batteries_V2.Init();

    private Database(sqlite3 handle) => _handle = handle;

    /// <summary>Opens a file; makes it where it does not exist and <paramref name="create"/> is true.</summary>
    public static Database Open(string path, bool create, TimeSpan busyTimeout)
    {
        var flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
        var code = sqlite3_open_v2(path, out var handle, flags, null);
        var database = new Database(handle);
        if (code != SQLITE_OK)
        {
            var error = new DatabaseException(code, sqlite3_errstr(code).utf8_to_string());
            database.Dispose();
            throw error;
        }
        _ = sqlite3_extended_result_codes(handle, 1);
        // Without the promise of stable plans SQLite compiles a statement with LIMIT ? or a partial index anew whenever a parameter changes.
        _ = sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _);
        _ = sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds);
        return database;
    }

    /// <summary>How many rows the last statement inserted, updated or deleted, without what triggers did.</summary>
    public int Changes => NativeCalls.Changes(_handle.DangerousGetHandle());

    /// <summary>How many rows this connection has changed so far, with what triggers did.</summary>
    public long TotalChanges => sqlite3_total_changes(_handle);

    /// <summary>The row number that the last insert made.</summary>
    public long LastInsertedRow => sqlite3_last_insert_rowid(_handle);

    /// <summary>True between BEGIN and COMMIT or ROLLBACK; some errors roll back by themselves.</summary>
    public bool IsInTransaction => sqlite3_get_autocommit(_handle) == 0;

    /// <summary>Prepares a statement, which lives as long as the connection.</summary>
    public Statement Prepare(string sql)
    {
        Check(sqlite3_prepare_v3(_handle, sql, SQLITE_PREPARE_PERSISTENT, out var handle));
        var statement = new Statement(this, handle);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Makes every statement ready for use again, after an error that may have left one half filled or half read.</summary>
    public void ResetStatements()
    {
        foreach (var statement in _statements)
        {
            statement.Reset();
        }
    }

    /// <summary>Runs statements that are needed once.</summary>
    public void Execute(string sql) => Check(sqlite3_exec(_handle, sql));

    /// <summary>The first column of the first row of a query that is needed once; 0 for no row.</summary>
    public long ReadNumber(string sql)
    {
        using var statement = PrepareOnce(sql);
        return statement.Read() ? statement.Number(0) : 0;
    }

    /// <summary>The first column of the first row of a query that is needed once; null for no row.</summary>
    public string? ReadText(string sql)
    {
        using var statement = PrepareOnce(sql);
        return statement.Read() ? statement.Text(0) : null;
    }

    /// <summary>Copies what it can from the write-ahead log into the file and cuts the log to nothing; false where somebody is in the way.</summary>
    public bool TruncateLog() => sqlite3_wal_checkpoint_v2(_handle, null, SQLITE_CHECKPOINT_TRUNCATE, out _, out _) == SQLITE_OK;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement.Dispose();
        }
        _handle.Dispose();
    }

    /// <summary>Throws unless the code is a success.</summary>
    internal void Check(int code)
    {
        if (code is not (SQLITE_OK or SQLITE_ROW or SQLITE_DONE))
        {
            throw new DatabaseException(sqlite3_extended_errcode(_handle), sqlite3_errmsg(_handle).utf8_to_string());
        }
    }

    private Statement PrepareOnce(string sql)
    {
        Check(sqlite3_prepare_v3(_handle, sql, 0, out var handle));
        return new Statement(this, handle);
    }
}
