using Celeriac.Sqlite.Engine;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Writing;

/// <summary>What the writer thread works with: its connection, its prepared statements and its transaction.</summary>
internal sealed class WriteSession : IDisposable
{
    // Cutting costs an fsync of the database: a log of beats alone is left until it is worth it.
    private const long SmallLog = 1024 * 1024;

    private readonly Database _database;
    private readonly string _path;
    private readonly Statement _readVersion;
    private readonly Statement _freePages;
    private long? _topologyVersion;

    /// <summary>Prepares everything on the writer's connection, which it owns from here on.</summary>
    public WriteSession(Database database, string path, TimeProvider time, ILogger logger, CancellationToken closing)
    {
        _database = database;
        _path = path;
        Transaction = new WriteTransaction(database, path, logger, closing);
        _readVersion = database.Prepare("SELECT value FROM meta WHERE name = 'topology_version'");
        _freePages = database.Prepare("PRAGMA freelist_count");
        Messages = new MessageStatements(database);
        Documents = new DocumentStatements(database, time);
        Units = new UnitStatements(this, database);
        Takes = new TakeStatements(database);
        Topology = new TopologyStatements(this, database, time);
        Holders = new HolderStatements(this, database, time);
        State = new StateStatements(database);
        Sweeps = new SweepStatements(this, database);
    }

    public WriteTransaction Transaction { get; }
    public MessageStatements Messages { get; }
    public DocumentStatements Documents { get; }
    public UnitStatements Units { get; }
    public TakeStatements Takes { get; }
    public TopologyStatements Topology { get; }
    public HolderStatements Holders { get; }
    public StateStatements State { get; }
    public SweepStatements Sweeps { get; }

    /// <summary>True when the transaction holds something that somebody may be waiting for. Acknowledgements, takes and beats are no news.</summary>
    public bool HasNews { get; private set; }

    /// <summary>The version of the topology within the transaction; read once, because nobody else can change it meanwhile.</summary>
    public long TopologyVersion
    {
        get => _topologyVersion ??= _readVersion.ReadNumber() ?? 0;
        set => _topologyVersion = value;
    }

    /// <summary>Says that the transaction holds something to look at.</summary>
    public void AddNews() => HasNews = true;

    /// <summary>Forgets the news, which have been told.</summary>
    public void ClearNews() => HasNews = false;

    /// <summary>Begins a transaction.</summary>
    public void Begin()
    {
        _topologyVersion = null;
        Messages.Numbers.Forget();
        Documents.Numbers.Forget();
        Transaction.Begin();
    }

    /// <summary>Makes the transaction durable.</summary>
    public void Commit()
    {
        Messages.Numbers.Write();
        Documents.Numbers.Write();
        Transaction.Commit();
    }

    /// <summary>Does one thing in a transaction of its own.</summary>
    public void InTransaction<TState>(Action<WriteSession, TState> work, TState state)
    {
        Begin();
        try
        {
            work(this, state);
            Commit();
        }
        catch
        {
            Transaction.Rollback();
            throw;
        }
    }

    /// <summary>The error in the user's words.</summary>
    public Exception Translate(Exception error) => SqliteErrors.Translate(error, _path);

    /// <summary>Gives free pages back to the file system, at most this many; true when no more than those to keep remain.</summary>
    public bool ShrinkFile(int pages, int keep)
    {
        var free = _freePages.ReadNumber() ?? 0;
        if (free > keep)
        {
            _database.Execute($"PRAGMA incremental_vacuum({Math.Min(pages, free - keep)})");
        }
        return free - pages <= keep;
    }

    /// <summary>Grows with every row changed on this connection.</summary>
    public long RowsChanged => _database.TotalChanges;

    /// <summary>Cuts the write-ahead log to nothing once it has grown; true when there is nothing left to do.</summary>
    public bool CutLog()
    {
        var log = new FileInfo(_path + "-wal");
        return !log.Exists || log.Length <= SmallLog || _database.TruncateLog();
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();
}
