using System.Diagnostics;
using Celeriac.Messaging;
using Celeriac.Sqlite.Engine;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Writing;

/// <summary>Begin, commit and roll back on the writer's connection. A lock held elsewhere is waited for, never reported.</summary>
internal sealed class WriteTransaction(Database database, string path, ILogger logger, CancellationToken closing)
{
    private readonly Statement _begin = database.Prepare("BEGIN IMMEDIATE");
    private readonly Statement _commit = database.Prepare("COMMIT");
    private readonly Statement _rollback = database.Prepare("ROLLBACK");

    /// <summary>How many transactions were committed.</summary>
    public long Commits { get; private set; }

    /// <summary>Gets the write lock, however long it takes, until the store is closed.</summary>
    /// <exception cref="TransportException">The store is being closed, or the file is gone.</exception>
    public void Begin()
    {
        if (!File.Exists(path))
        {
            // SQLite would go on writing into a file without a name, and all of it would vanish with the last process.
            throw new TransportRefusedException($"'{path}' was removed while it was open. Nothing was stored. Restart the application to make a new file, and leave the file in place while processes use it.");
        }
        var start = Stopwatch.GetTimestamp();
        while (!TryBegin())
        {
            if (closing.IsCancellationRequested)
            {
                throw new TransportException($"'{path}' was closed while another process held it. Nothing was stored.");
            }
            Log.HeldForLong(logger, path, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    /// <summary>Makes it durable.</summary>
    public void Commit()
    {
        _commit.Run();
        Commits++;
    }

    /// <summary>Undoes what is open; nothing where an error has done so already.</summary>
    public void Rollback()
    {
        database.ResetStatements();
        if (database.IsInTransaction)
        {
            _rollback.Run();
        }
    }

    private bool TryBegin()
    {
        try
        {
            _begin.Run();
            return true;
        }
        catch (DatabaseException error) when (error.IsBusy)
        {
            return false;
        }
    }
}
