using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Celeriac.Postgres.Reading;
using Celeriac.Postgres.Writing;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres;

/// <summary>
/// Queues, documents and shared state in one schema. What enqueues and completes goes through one writer that shares its commits, what claims
/// through another, so that the server does both at once; everything else has a connection out of a few.
/// </summary>
internal sealed partial class PostgresQueueStore : IQueueStore
{
    private readonly PostgresOptions _options;
    private readonly string _schema;
    private readonly TimeProvider _time;
    private readonly PostgresServers _servers;
    private readonly ClaimLedger _claims = new();
    private readonly StoreWriter _writer;
    private readonly StoreWriter _taker;
    private readonly Hearing _hearing = new();
    private readonly ChangeSignal _followed = new();
    private readonly QuietQueues _quiet;
    private readonly GatheredReads _reads;
    // What the last beat has read, for the reading that follows it on the same thread.
    private IReadOnlyList<HolderBeat>? _beats;
    private long _identity;

    /// <summary>Makes the store, not yet connected.</summary>
    public PostgresQueueStore(PostgresOptions options, TransportContext context)
    {
        (_options, _schema, _time) = (options, options.Schema, context.Time);
        _quiet = new QuietQueues(_hearing, options.Poll, context.Time);
        _servers = new PostgresServers(options, context, Hear, PulseAll);
        _writer = new StoreWriter(_servers, options, context, _claims, _hearing.Wrote);
        _taker = new StoreWriter(_servers, options, context, _claims, _ => { });
        _reads = new GatheredReads(keys => _servers.AskAsync((connection, ended) => DocumentQueries.ReadAsync(connection, _schema, keys, Now, ended), CancellationToken.None));
        State = new PostgresState(_servers, options.Schema, _followed);
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
        // A value has at most 1 GB, and the server holds several copies of it while it works; the URL's max_body is 128 MiB unless it says more.
        MaxBodyBytes = 250_000_000,
        Counts = true,
        CountsUnacknowledged = true,
        CountsConsumers = true,
        HeartbeatInterval = TimeSpan.FromSeconds(10),
    };

    /// <inheritdoc/>
    public IStateStore State { get; }

    /// <inheritdoc/>
    public TransportHealth Health => _servers.Health;

    /// <inheritdoc/>
    public TimeSpan SweepInterval => _options.Sweep;

    /// <inheritdoc/>
    public long Changes => _hearing.Version;

    /// <summary>The schema's name.</summary>
    public string Schema => _schema;

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The number by which the database is known again.</summary>
    public async ValueTask<long> IdentityAsync(CancellationToken cancellationToken)
    {
        if (_identity == 0)
        {
            _identity = await _servers.AskAsync(
                (connection, ended) => connection.ScalarAsync<long>($"SELECT value FROM {_schema}.meta WHERE name = 'identity'", ended), cancellationToken).ConfigureAwait(false);
        }
        return _identity;
    }

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken = default) => _servers.ConnectAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> MigrateAsync(CancellationToken cancellationToken = default) => await _servers.MigrateAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default) =>
        _servers.AskAsync((connection, ended) => TopologyQueries.LookupAsync(connection, _schema, ended), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        var isChanged = await _servers.AskAsync(
            (connection, ended) => TopologyQueries.TryChangeAsync(connection, _schema, expectedVersion, change, Now, ended), cancellationToken).ConfigureAwait(false);
        // The queues are gone; their messages follow in pieces. Should this process end meanwhile, the next sweep goes on.
        while (isChanged && change.RemoveQueues.Count > 0 && await SweepDroppedAsync(cancellationToken).ConfigureAwait(false))
        {
        }
        return isChanged;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(units);
        return units.Count == 0 ? new([]) : _writer.CommitAsync(new CommitJob(units, _writer.Answers), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        if (_quiet.AnswerTo(request) is { } nothing)
        {
            return nothing;
        }
        _hearing.ListenFor(request.QueueIds);
        var heard = _hearing.NewsOf(request.QueueIds);
        var answer = await _taker.TakeAsync(new TakeJob(request, _taker.Answers), cancellationToken).ConfigureAwait(false);
        _quiet.Note(request, answer, heard);
        return answer;
    }

    /// <inheritdoc/>
    public ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default) =>
        _servers.AskAsync((connection, ended) => QueueQueries.CountAsync(connection, _schema, queueId, now, ended), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default)
    {
        // In pieces, so that a large queue does not hold up everybody; up to what is there now, so that it ends while others publish.
        var upTo = await _servers.AskAsync((connection, ended) => QueueQueries.NewestAsync(connection, _schema, ended), cancellationToken).ConfigureAwait(false);
        long purged = 0;
        int piece;
        do
        {
            piece = await _servers.AskAsync((connection, ended) => QueueQueries.PurgePieceAsync(connection, _schema, queueId, upTo, ended), cancellationToken).ConfigureAwait(false);
            purged += piece;
        }
        while (piece >= QueueQueries.LargestPiece);
        return purged;
    }

    /// <inheritdoc/>
    public ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default) =>
        _servers.AskAsync((connection, ended) => HolderQueries.RegisterAsync(connection, _schema, name, lease, queueIds, ended), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ReleaseHolderAsync(long holder, CancellationToken cancellationToken = default)
    {
        _claims.Forget(holder);
        _quiet.Forget(holder);
        // Without a server the lease ends by itself, and nobody waits for that.
        if (Health.State == ConnectionState.Connected)
        {
            await _servers.AskAsync((connection, ended) => HolderQueries.ReleaseAsync(connection, _schema, holder, Now, ended), cancellationToken).ConfigureAwait(false);
            _hearing.Pulse();
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Beat(IReadOnlyList<long> holders, long now)
    {
        if (holders.Count == 0)
        {
            return [];
        }
        _beats = _servers.Ask(connection => HolderQueries.Beat(connection, _schema, holders));
        return [.. holders.Except(_beats.Select(beat => beat.Holder))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<HolderBeat> ReadBeats()
    {
        var beats = _beats;
        _beats = null;
        return beats ?? (_servers.WasConnected ? _servers.Ask(connection => HolderQueries.ReadBeats(connection, _schema)) : []);
    }

    /// <inheritdoc/>
    public int Reclaim(IReadOnlyList<HolderBeat> dead) => dead.Count == 0 ? 0 : _servers.Ask(connection => HolderQueries.Reclaim(connection, _schema, dead, Now));

    /// <inheritdoc/>
    public void Sweep(long now)
    {
        if (_servers.WasConnected)
        {
            _servers.Ask(connection => connection.List($"SELECT {_schema}.sweep($1)", _ => 0, Value(now)));
        }
    }

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
    public ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return _reads.ReadAsync(keys, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default)
    {
        _hearing.ListenForDocuments();
        return _servers.AskAsync((connection, ended) => DocumentQueries.LatestAsync(connection, _schema, ended), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default) =>
        [.. (await AfterAsync(sequence, limit, mostBytes: -1, cancellationToken).ConfigureAwait(false)).Select(written => (written.Sequence, written.Key))];

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        await _servers.AskAsync((connection, ended) => DocumentQueries.DeleteAsync(connection, _schema, keys, ended), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default) => _hearing.WaitAsync(seen, atMost, _time, cancellationToken);

    /// <summary>Whether a user's own transaction came through, by its number.</summary>
    public ValueTask<bool> WasCommittedAsync(long transaction) =>
        _servers.AskAsync(
            (connection, ended) => connection.ScalarAsync<bool>($"SELECT coalesce(txid_status({transaction}) = 'committed', false)", ended), CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _taker.DisposeAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _servers.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<bool> SweepDroppedAsync(CancellationToken cancellationToken) =>
        await _servers.AskAsync((connection, ended) => connection.ScalarAsync<bool>($"SELECT {_schema}.sweep_dropped()", ended), cancellationToken).ConfigureAwait(false);
}
