using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;
using Celeriac.Sqlite.Files;
using Celeriac.Sqlite.Reading;
using Celeriac.Sqlite.Writing;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite;

/// <summary>
/// Queues and documents in one SQLite file. All that writes goes through one thread and shares its commits (<see cref="WriterThread"/>);
/// what only reads has connections of its own.
/// </summary>
internal sealed class SqliteQueueStore : IQueueStore
{
    private readonly TimeProvider _time;
    private readonly ReadConnections _readers;
    private readonly ChangeWatcher _watcher;
    private readonly StoreWriter _writer;

    /// <summary>Makes the store, not yet open.</summary>
    public SqliteQueueStore(SqliteOptions options, TransportContext context)
    {
        var logger = context.LoggerFactory.CreateLogger<SqliteQueueStore>();
        _time = context.Time;
        _readers = new ReadConnections(options);
        _watcher = new ChangeWatcher(options, context.Time, logger);
        _writer = new StoreWriter(options, context.Time, _watcher.Tell, logger);
        State = new SqliteState(_writer, _readers, context.Time);
    }

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; } = new()
    {
        Durable = true,
        SharedBetweenProcesses = true,
        Exchanges = true,
        Fanout = true,
        Topic = true,
        Delay = true,
        SeesDelayed = true,
        MaxPriority = 255,
        MessageExpiry = true,
        QueueExpiry = true,
        DeadLetter = true,
        Documents = true,
        AtomicCompletion = true,
        FencedLeases = true,
        // SQLite's own limit for a row is 1,000,000,000 bytes; the URL's max_body is 128 MiB unless it says more.
        MaxBodyBytes = 900_000_000,
        Counts = true,
        CountsUnacknowledged = true,
        CountsConsumers = true,
    };

    /// <inheritdoc/>
    public IStateStore State { get; }

    /// <inheritdoc/>
    public long Changes => _watcher.Changes;

    /// <summary>The transactions committed so far, for the tests of group commit.</summary>
    internal long Commits => _writer.Commits;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken = default) =>
        await _writer.OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default) =>
        Read(static (session, _) => session.Lookup(), 0, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        var isChanged = await WriteAsync(session => session.Topology.TryChange(expectedVersion, change), cancellationToken).ConfigureAwait(false);
        // The queues are gone; their messages follow in pieces. Should this process end meanwhile, the next sweep goes on.
        while (isChanged && change.RemoveQueues.Count > 0 && await WriteAsync(session => session.Sweeps.SweepDropped(), cancellationToken).ConfigureAwait(false))
        {
        }
        return isChanged;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(units);
        return units.Count == 0 ? new([]) : _writer.RunAsync(new CommitJob(units), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var nothing = await Read(static (session, wanted) =>
            session.Peek.IsWorthTaking(wanted) ? null : session.Peek.AnswerWith([], wanted), request, cancellationToken).ConfigureAwait(false);
        var job = new WriteJob<TakeAnswer>(session => session.Takes.Take(request)) { IsUncancellableOnceStarted = true };
        return nothing ?? await _writer.RunAsync(job, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default) =>
        Read(static (session, asked) => session.Counts.Count(asked.queueId, asked.now), (queueId, now), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default)
    {
        // In pieces, so that a large queue does not hold up everybody; up to what is there now, so that it ends while others publish.
        var upTo = await WriteAsync(session => session.Messages.Numbers.Last, cancellationToken).ConfigureAwait(false);
        long purged = 0;
        int piece;
        do
        {
            piece = await WriteAsync(session => session.Messages.PurgePiece(queueId, upTo), cancellationToken).ConfigureAwait(false);
            purged += piece;
        }
        while (piece >= MessageStatements.LargestPiece);
        return purged;
    }

    /// <inheritdoc/>
    public ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(new WriteJob<long>(session => session.Holders.Register(name, lease, queueIds)) { IsUncancellableOnceStarted = true }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ReleaseHolderAsync(long holder, CancellationToken cancellationToken = default) =>
        await WriteAsync(session => session.Holders.Release(holder), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public IReadOnlyList<long> Beat(IReadOnlyList<long> holders, long now) =>
        holders.Count == 0 ? [] : _writer.Run(session => session.Holders.Beat(holders));

    /// <inheritdoc/>
    public IReadOnlyList<HolderBeat> ReadBeats() => _readers.Read(static (session, _) => session.ReadBeats(), 0);

    /// <inheritdoc/>
    public int Reclaim(IReadOnlyList<HolderBeat> dead) => dead.Count == 0 ? 0 : _writer.Run(session => session.Holders.Reclaim(dead));

    /// <inheritdoc/>
    public void Sweep(long now) => _writer.Sweep(now);

    /// <inheritdoc/>
    public async ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var answers = await CommitAsync([new StoreUnit { Documents = documents }], cancellationToken).ConfigureAwait(false);
        if (answers[0].Error is { } error)
        {
            throw error;
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        Read(static (session, asked) => session.Documents.Read(asked.keys, asked.Now), (keys, Now), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default) =>
        Read(static (session, _) => session.Documents.Latest(), 0, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default) =>
        Read(static (session, asked) => session.Documents.KeysAfter(asked.sequence, asked.limit, asked.Now), (sequence, limit, Now), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<DocumentNews> FollowAsync(long sequence, int limit, IReadOnlyList<string> keys, Func<string, bool> isWanted, CancellationToken cancellationToken = default) =>
        Read(static (session, asked) => session.Follow(asked.sequence, asked.limit, asked.keys, asked.isWanted, asked.Now), (sequence, limit, keys, isWanted, Now), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        await WriteAsync(session => session.Documents.Delete(keys), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default)
    {
        await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        await _watcher.WaitAsync(seen, atMost, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        _watcher.Dispose();
        _readers.Dispose();
    }

    private ValueTask<TAnswer> WriteAsync<TAnswer>(Func<WriteSession, TAnswer> work, CancellationToken cancellationToken) =>
        _writer.RunAsync(new WriteJob<TAnswer>(work), cancellationToken);

    // Reads take microseconds and never wait for the writer: they run on the caller's thread.
    private async ValueTask<TAnswer> Read<TState, TAnswer>(Func<ReadSession, TState, TAnswer> query, TState state, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        return _readers.Read(query, state);
    }

    // The transport opens the store when it connects; its documents may be asked before.
    private ValueTask EnsureOpenAsync(CancellationToken cancellationToken) => _writer.IsOpen ? default : OpenAsync(cancellationToken);
}
