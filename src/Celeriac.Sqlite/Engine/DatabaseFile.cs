using Celeriac.Messaging;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Engine;

/// <summary>Opens the file: refuses what is not ours before anything is written to it, makes the tables, sets the pragmas.</summary>
internal static class DatabaseFile
{
    // 10,000 pages (40 MB) between checkpoints: 1.2 times the rate of SQLite's default of 1,000.
    private const string WriterPragmas = "PRAGMA wal_autocheckpoint = 10000; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;";

    /// <summary>Opens the connection that writes and makes sure that the file is ours or empty. Nothing has been written when it is not.</summary>
    public static Database Open(SqliteOptions options)
    {
        var database = Database.Open(options.Path, create: true, options.BusyTimeout);
        try
        {
            _ = LookAtOnce(database, options.Path);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Sets the pragmas of the connection that writes, and makes the tables of a new file.</summary>
    public static void SetUp(Database database, SqliteOptions options, ILogger logger)
    {
        var isNew = LookAtOnce(database, options.Path);
        if (isNew)
        {
            // Both only take effect while the file is empty.
            database.Execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;");
        }
        UseWriteAheadLog(database, options, isNew, logger);
        database.Execute(WriterPragmas);
        // macOS acknowledges an ordinary fsync before the disk has the data; elsewhere fullfsync does nothing.
        database.Execute(options.IsFullySynchronous ? "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1;" : "PRAGMA synchronous = NORMAL;");
        if (isNew)
        {
            MakeTables(database, options.Path);
        }
        else if (VersionOf(database) < SqliteSchema.Version)
        {
            BringUp(database, options.Path);
        }
        if (options.MaximumMebibytes > 0)
        {
            database.Execute($"PRAGMA max_page_count = {options.MaximumMebibytes * 1024 * 1024 / database.ReadNumber("PRAGMA page_size")}");
        }
    }

    /// <summary>A connection that only reads. It still opens for writing, because a reader of a write-ahead log keeps marks in shared memory.</summary>
    public static Database OpenForReading(SqliteOptions options)
    {
        var database = Database.Open(options.Path, create: false, options.BusyTimeout);
        database.Execute("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0;");
        return database;
    }

    /// <summary>Looks in one transaction: another process may make the tables between two looks, and the marks would not belong together.</summary>
    private static bool LookAtOnce(Database database, string path)
    {
        database.Execute("BEGIN");
        try
        {
            return IsNew(database, path);
        }
        finally
        {
            database.Execute("ROLLBACK");
        }
    }

    private static bool IsNew(Database database, string path)
    {
        var application = database.ReadNumber("PRAGMA application_id");
        var version = database.ReadNumber("PRAGMA user_version");
        if (application == 0 && version == 0 && database.ReadNumber("SELECT count(*) FROM sqlite_schema") == 0)
        {
            return true;
        }
        if (application != SqliteSchema.ApplicationId)
        {
            throw new TransportRefusedException($"'{path}' is an SQLite database of another program (application id {application}). It was not touched. Name a file of its own for Celeriac.");
        }
        if (version > SqliteSchema.Version)
        {
            throw new TransportRefusedException($"'{path}' was written by a newer Celeriac (schema version {version}; this one knows up to {SqliteSchema.Version}). Update this application, or name another file.");
        }
        return false;
    }

    private static void UseWriteAheadLog(Database database, SqliteOptions options, bool isNew, ILogger logger)
    {
        var before = database.ReadText("PRAGMA journal_mode");
        if (before == "wal")
        {
            return;
        }
        var after = database.ReadText("PRAGMA journal_mode = WAL");
        if (after != "wal")
        {
            throw new TransportRefusedException($"'{options.Path}' cannot use a write-ahead log (its journal mode stays '{after}'). Put the file on a local disk.");
        }
        if (!isNew)
        {
            Log.JournalModeChanged(logger, options.Path, before ?? "unknown");
        }
    }

    private static void MakeTables(Database database, string path)
    {
        Alone(database, () =>
        {
            // Another process may have been faster between the look and the lock.
            if (IsNew(database, path))
            {
                database.Execute(SqliteSchema.Tables);
                database.Execute($"PRAGMA application_id = {SqliteSchema.ApplicationId}; PRAGMA user_version = {SqliteSchema.Version};");
            }
        });
    }

    /// <summary>An older process that has the file open would look for tables that are gone: it must have ended first.</summary>
    private static void BringUp(Database database, string path) => Alone(database, () =>
    {
        if (VersionOf(database) is var version && version == SqliteSchema.Version)
        {
            return;
        }
        if (Sessions.FindLiveHere(database) is { } process)
        {
            throw new TransportRefusedException(
                $"'{path}' has schema version {version} and is open in process {process}, which works with an older Celeriac. It was not touched. End all processes of the older version, then start this one.");
        }
        database.Execute(SqliteSchema.BringUpFrom(version));
        database.Execute($"PRAGMA user_version = {SqliteSchema.Version};");
    });

    private static long VersionOf(Database database) => database.ReadNumber("PRAGMA user_version");

    private static void Alone(Database database, Action work)
    {
        database.Execute("BEGIN IMMEDIATE");
        try
        {
            work();
            database.Execute("COMMIT");
        }
        catch
        {
            if (database.IsInTransaction)
            {
                database.Execute("ROLLBACK");
            }
            throw;
        }
    }
}
