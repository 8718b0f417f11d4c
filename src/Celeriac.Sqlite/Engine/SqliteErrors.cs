using Celeriac.Messaging;
using static SQLitePCL.raw;

namespace Celeriac.Sqlite.Engine;

/// <summary>From SQLite's result codes to what a user of the transport can act on.</summary>
internal static class SqliteErrors
{
    /// <summary>The exception for a caller; one that is not SQLite's passes through.</summary>
    public static Exception Translate(Exception error, string path) => error is DatabaseException failure ? Translate(failure, path) : error;

    private static TransportException Translate(DatabaseException error, string path) => error.Code switch
    {
        SQLITE_FULL => new TransportException($"There is no room for '{path}': the disk is full or the file has reached max_size. Nothing was stored. Free space; work goes on by itself.", error),
        SQLITE_BUSY or SQLITE_LOCKED => new TransportException($"'{path}' is held by another process for too long. Nothing was stored. Look for a stopped process that has the file open, and try again.", error),
        SQLITE_NOTADB => new TransportRefusedException($"'{path}' is not an SQLite database. It was not touched. Name another file, or move this one away.", error),
        SQLITE_CORRUPT => new TransportRefusedException($"'{path}' is damaged ({error.Message}). Stop all processes, and restore a copy or save what can be read with the sqlite3 shell's .recover.", error),
        SQLITE_READONLY or SQLITE_PERM or SQLITE_AUTH => new TransportRefusedException($"'{path}' cannot be written ({error.Message}). Give the process the right to write the file and its folder.", error),
        SQLITE_CANTOPEN => new TransportRefusedException($"'{path}' cannot be opened ({error.Message}). Check that the folder exists and that the process may write there.", error),
        SQLITE_TOOBIG => new TransportRefusedException($"A text or body is larger than SQLite can store ({error.Message}). Keep large data elsewhere and send a reference.", error),
        SQLITE_IOERR => new TransportException($"Reading or writing '{path}' failed ({error.Message}, code {error.ExtendedCode}). Check the disk and the system's log.", error),
        _ => new TransportException($"SQLite failed on '{path}' ({error.Message}, code {error.ExtendedCode}).", error),
    };
}
