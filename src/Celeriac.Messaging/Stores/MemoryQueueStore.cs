namespace Celeriac.Messaging.Stores;

/// <summary>The reference store: everything in the memory of one process, under one lock.</summary>
public sealed partial class MemoryQueueStore : IQueueStore
{
    private readonly Lock _lock = new();
    private readonly ChangeSignal _changes = new();
    private readonly MemoryDocuments _documents = new();
    private readonly MemoryState _state;
    private readonly MemoryTopology _topology = new();
    private readonly MemoryHolders _holders = new();
    private readonly TimeProvider _time;
    private long _lastMessage;

    /// <summary>Creates an empty store.</summary>
    /// <param name="time">The clock for waits.</param>
    public MemoryQueueStore(TimeProvider time) => (_time, _state) = (time, new MemoryState(time));

    /// <summary>Called each time a transport that shares this store is disposed.</summary>
    internal Action? Released { get; init; }

    /// <summary>What memory can do.</summary>
    public static TransportCapabilities MemoryCapabilities { get; } = new()
    {
        Durable = false,
        SharedBetweenProcesses = false,
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
        MaxBodyBytes = 1L << 30,
        Counts = true,
        CountsUnacknowledged = true,
        CountsConsumers = true,
    };

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; init; } = MemoryCapabilities;

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_topology.Snapshot());
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_lock)
        {
            if (_topology.Version != expectedVersion)
            {
                return ValueTask.FromResult(false);
            }
            Change(change);
        }
        _changes.Pulse();
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(units);
        var answers = new UnitAnswer[units.Count];
        var isNews = false;
        lock (_lock)
        {
            for (var index = 0; index < answers.Length; index++)
            {
                answers[index] = new UnitAnswer(Apply(units[index]));
                isNews |= IsNews(units[index]);
            }
        }
        if (isNews)
        {
            _changes.Pulse();
        }
        return ValueTask.FromResult<IReadOnlyList<UnitAnswer>>(answers);
    }

    /// <inheritdoc/>
    public ValueTask<TakeAnswer> TakeAsync(TakeRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancellationToken.ThrowIfCancellationRequested();
        var taken = new List<TakenMessage>();
        long nextDue = 0;
        long? unknown = null;
        lock (_lock)
        {
            if (!_holders.Has(request.Holder))
            {
                return ValueTask.FromResult(new TakeAnswer([], 0));
            }
            foreach (var id in request.QueueIds)
            {
                if (_topology.Find(id) is not { } queue)
                {
                    unknown = unknown ?? (request.ExpiredOnly ? null : id);
                    continue;
                }
                queue.Promote(request.Now);
                while (taken.Count < request.AtMost && queue.Take(request) is { } item)
                {
                    _holders.Claim(request.Holder, item);
                    taken.Add(item.ToTaken());
                }
                nextDue = queue.NextDue is { } due && (nextDue == 0 || due < nextDue) ? due : nextDue;
            }
        }
        return ValueTask.FromResult(new TakeAnswer(taken, nextDue, unknown));
    }

    /// <inheritdoc/>
    public ValueTask<QueueCounts> CountAsync(long queueId, long now, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_topology.Find(queueId) is not { } queue)
            {
                return ValueTask.FromResult(new QueueCounts(0));
            }
            queue.Promote(now);
            return ValueTask.FromResult(new QueueCounts(queue.ReadyCount)
            {
                Unacknowledged = _holders.ClaimsOn(queue),
                Delayed = queue.DelayedCount,
                Consumers = _holders.ConsumersOf(queueId),
            });
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_topology.Find(queueId)?.Purge() ?? 0);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_holders.Add(name, lease, queueIds));
        }
    }

    /// <inheritdoc/>
    public ValueTask ReleaseHolderAsync(long holder, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            ReturnClaims(holder, deaths: 0);
        }
        _changes.Pulse();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Beat(IReadOnlyList<long> holders, long now)
    {
        ArgumentNullException.ThrowIfNull(holders);
        lock (_lock)
        {
            Use(_holders.Beat(holders), now);
            return [.. holders.Where(holder => !_holders.Has(holder))];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<HolderBeat> ReadBeats()
    {
        lock (_lock)
        {
            return _holders.Beats();
        }
    }

    /// <inheritdoc/>
    public int Reclaim(IReadOnlyList<HolderBeat> dead)
    {
        ArgumentNullException.ThrowIfNull(dead);
        int count;
        lock (_lock)
        {
            count = dead.Where(_holders.IsAt).Sum(beat => ReturnClaims(beat.Holder, deaths: 1));
        }
        _changes.Pulse();
        return count;
    }

    /// <inheritdoc/>
    public void Sweep(long now)
    {
        _state.Sweep(DateTimeOffset.FromUnixTimeMilliseconds(now));
        lock (_lock)
        {
            _documents.Sweep(now);
            if (_topology.Unused(now, _holders.Served()) is { Count: > 0 } unused)
            {
                Change(new TopologyChange { RemoveQueues = [.. unused.Select(queue => queue.Id)] });
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Released?.Invoke();
        return ValueTask.CompletedTask;
    }

    private void Change(TopologyChange change)
    {
        foreach (var queue in _topology.Apply(change, Now))
        {
            _holders.Drop(queue);
        }
    }

    private UnitStatus Apply(StoreUnit unit)
    {
        if (unit.TopologyVersion is { } version && version != _topology.Version)
        {
            return UnitStatus.StaleTopology;
        }
        if (unit.Claim is { } claim)
        {
            if (_holders.End(claim) is not { } item)
            {
                return UnitStatus.Lost;
            }
            if (unit.End == ClaimEnd.Return)
            {
                item.Queue.Add(item);
            }
        }
        for (var index = 0; index < unit.Puts.Count; index++)
        {
            // The version was checked, so the queue is there.
            var put = unit.Puts[index];
            var queue = _topology.Find(put.QueueId)!;
            queue.Add(new MemoryItem(++_lastMessage, queue, put));
        }
        if (unit.Documents.Count > 0)
        {
            _documents.Write(unit.Documents, _time.GetUtcNow());
        }
        return UnitStatus.Applied;
    }

    /// <summary>True where somebody may be waiting for it. That a message is gone is no news.</summary>
    private static bool IsNews(StoreUnit unit) => unit.Puts.Count > 0 || unit.Documents.Count > 0 || unit.End == ClaimEnd.Return;

    private int ReturnClaims(long holder, int deaths)
    {
        if (_holders.Remove(holder) is not { } gone)
        {
            return 0;
        }
        Use(gone.QueueIds, Now);
        foreach (var item in gone.Claims)
        {
            item.Deaths += deaths;
            item.Queue.Add(item);
        }
        return gone.Claims.Count;
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Use(IEnumerable<long> queueIds, long now)
    {
        foreach (var queue in _topology.Find(queueIds))
        {
            queue.UsedAt = now;
        }
    }
}
