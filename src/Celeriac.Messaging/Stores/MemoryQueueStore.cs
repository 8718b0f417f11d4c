namespace Celeriac.Messaging.Stores;

/// <summary>The reference store: everything in the memory of one process, under one lock.</summary>
public sealed class MemoryQueueStore : IQueueStore
{
    private readonly Lock _lock = new();
    private readonly ChangeSignal _changes = new();
    private readonly MemoryDocuments _documents = new();
    private readonly Dictionary<long, MemoryQueue> _queues = [];
    private readonly Dictionary<long, Holder> _holders = [];
    private readonly Dictionary<string, ExchangeDeclaration> _exchanges = new(StringComparer.Ordinal);
    private readonly HashSet<Binding> _bindings = [];
    private readonly TimeProvider _time;
    private long _version = 1;
    private long _lastQueue;
    private long _lastHolder;
    private long _lastMessage;

    /// <summary>Creates an empty store.</summary>
    /// <param name="time">The clock for waits.</param>
    public MemoryQueueStore(TimeProvider time) => _time = time;

    /// <summary>Called each time a transport that shares this store is disposed.</summary>
    internal Action? Released { get; init; }

    /// <summary>What memory can do.</summary>
    public static TransportCapabilities MemoryCapabilities { get; } = new()
    {
        Durable = false,
        SharedBetweenProcesses = false,
        Fanout = true,
        Topic = true,
        Delay = true,
        MaxPriority = 255,
        Expiry = true,
        DeadLetter = true,
        Documents = true,
        AtomicCompletion = true,
        FencedLeases = true,
        MaxBodyBytes = 1L << 30,
        DetailedCounts = true,
    };

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; init; } = MemoryCapabilities;

    /// <inheritdoc/>
    public long Changes => _changes.Version;

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask WaitForChangeAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken = default) =>
        _changes.WaitAsync(seen, atMost, _time, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(new TopologySnapshot(
                _version, [.. _exchanges.Values], [.. _queues.Values.Select(queue => new StoredQueue(queue.Id, queue.Declaration))], [.. _bindings]));
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_lock)
        {
            if (_version != expectedVersion)
            {
                return ValueTask.FromResult(false);
            }
            _bindings.ExceptWith(change.RemoveBindings);
            foreach (var id in change.RemoveQueues)
            {
                RemoveQueue(id);
            }
            foreach (var name in change.RemoveExchanges)
            {
                _exchanges.Remove(name);
                _bindings.RemoveWhere(binding => binding.Exchange == name);
            }
            foreach (var exchange in change.Add.Exchanges)
            {
                _exchanges.Add(exchange.Name, exchange);
            }
            foreach (var queue in change.Add.Queues)
            {
                var id = ++_lastQueue;
                _queues.Add(id, new MemoryQueue(id, queue) { UsedAt = _time.GetUtcNow().ToUnixTimeMilliseconds() });
            }
            _bindings.UnionWith(change.Add.Bindings);
            _version++;
        }
        _changes.Pulse();
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<UnitAnswer>> CommitAsync(IReadOnlyList<StoreUnit> units, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(units);
        var answers = new UnitAnswer[units.Count];
        lock (_lock)
        {
            for (var index = 0; index < answers.Length; index++)
            {
                answers[index] = new UnitAnswer(Apply(units[index]));
            }
        }
        _changes.Pulse();
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
            if (!_holders.TryGetValue(request.Holder, out var holder))
            {
                return ValueTask.FromResult(new TakeAnswer([], 0));
            }
            foreach (var id in request.QueueIds)
            {
                if (!_queues.TryGetValue(id, out var queue))
                {
                    unknown = unknown ?? (request.ExpiredOnly ? null : id);
                    continue;
                }
                queue.Promote(request.Now);
                while (taken.Count < request.AtMost && queue.Take(request) is { } item)
                {
                    item.Holder = request.Holder;
                    item.Attempt++;
                    holder.Claims.Add(item.Id, item);
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
            if (!_queues.TryGetValue(queueId, out var queue))
            {
                return ValueTask.FromResult(new QueueCounts(0));
            }
            queue.Promote(now);
            return ValueTask.FromResult(new QueueCounts(queue.ReadyCount)
            {
                Unacknowledged = _holders.Values.Sum(holder => holder.Claims.Values.LongCount(item => item.Queue == queue)),
                Delayed = queue.DelayedCount,
                Consumers = _holders.Values.LongCount(holder => holder.QueueIds.Contains(queueId)),
            });
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> PurgeAsync(long queueId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_queues.TryGetValue(queueId, out var queue) ? queue.Purge() : 0);
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _holders.Add(++_lastHolder, new Holder(name, lease, queueIds));
            return ValueTask.FromResult(_lastHolder);
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
            foreach (var holder in holders.Select(_holders.GetValueOrDefault).OfType<Holder>())
            {
                holder.Beat++;
                foreach (var queue in holder.QueueIds.Select(_queues.GetValueOrDefault).OfType<MemoryQueue>())
                {
                    queue.UsedAt = now;
                }
            }
            return [.. holders.Where(holder => !_holders.ContainsKey(holder))];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<HolderBeat> ReadBeats()
    {
        lock (_lock)
        {
            return [.. _holders.Select(pair => new HolderBeat(pair.Key, pair.Value.Name, pair.Value.Beat, pair.Value.Lease))];
        }
    }

    /// <inheritdoc/>
    public int Reclaim(IReadOnlyList<HolderBeat> dead)
    {
        ArgumentNullException.ThrowIfNull(dead);
        int count;
        lock (_lock)
        {
            count = dead.Where(beat => _holders.TryGetValue(beat.Holder, out var holder) && holder.Beat == beat.Beat)
                .Sum(beat => ReturnClaims(beat.Holder, deaths: 1));
        }
        _changes.Pulse();
        return count;
    }

    /// <inheritdoc/>
    public void Sweep(long now)
    {
        lock (_lock)
        {
            _documents.Sweep(now);
            var served = _holders.Values.SelectMany(holder => holder.QueueIds).ToHashSet();
            foreach (var queue in _queues.Values.Where(queue => queue.IsUnused(now) && !served.Contains(queue.Id)).ToList())
            {
                RemoveQueue(queue.Id);
                _version++;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(IReadOnlyList<Document> documents, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        lock (_lock)
        {
            _documents.Write(documents, _time.GetUtcNow());
        }
        _changes.Pulse();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredDocument>> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        lock (_lock)
        {
            return ValueTask.FromResult(_documents.Read(keys, _time.GetUtcNow()));
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> LatestSequenceAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_documents.LatestSequence);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(long Sequence, string Key)>> KeysAfterAsync(long sequence, int limit, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return ValueTask.FromResult(_documents.KeysAfter(sequence, limit));
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        lock (_lock)
        {
            _documents.Delete(keys);
        }
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Released?.Invoke();
        return ValueTask.CompletedTask;
    }

    private UnitStatus Apply(StoreUnit unit)
    {
        if (unit.TopologyVersion is { } version && version != _version)
        {
            return UnitStatus.StaleTopology;
        }
        if (unit.Claim is { } claim)
        {
            if (!_holders.TryGetValue(claim.Holder, out var holder) || !holder.Claims.TryGetValue(claim.Tag, out var item) || item.Attempt != claim.Generation)
            {
                return UnitStatus.Lost;
            }
            holder.Claims.Remove(claim.Tag);
            if (unit.End == ClaimEnd.Return)
            {
                item.Queue.Add(item);
            }
        }
        foreach (var put in unit.Puts)
        {
            // The version was checked, so the queue is there.
            var queue = _queues[put.QueueId];
            queue.Add(new MemoryItem(++_lastMessage, queue, put));
        }
        _documents.Write(unit.Documents, _time.GetUtcNow());
        return UnitStatus.Applied;
    }

    private int ReturnClaims(long holder, int deaths)
    {
        if (!_holders.Remove(holder, out var gone))
        {
            return 0;
        }
        foreach (var queue in gone.QueueIds.Select(_queues.GetValueOrDefault).OfType<MemoryQueue>())
        {
            queue.UsedAt = _time.GetUtcNow().ToUnixTimeMilliseconds();
        }
        foreach (var item in gone.Claims.Values)
        {
            item.Deaths += deaths;
            item.Queue.Add(item);
        }
        return gone.Claims.Count;
    }

    private void RemoveQueue(long id)
    {
        if (_queues.Remove(id, out var queue))
        {
            _bindings.RemoveWhere(binding => binding.Queue == queue.Declaration.Name);
            foreach (var holder in _holders.Values)
            {
                foreach (var item in holder.Claims.Values.Where(item => item.Queue == queue).ToList())
                {
                    holder.Claims.Remove(item.Id);
                }
            }
        }
    }

    private sealed class Holder(string name, TimeSpan lease, IReadOnlyList<long> queueIds)
    {
        public string Name { get; } = name;
        public TimeSpan Lease { get; } = lease;
        public IReadOnlyList<long> QueueIds { get; } = queueIds;
        public long Beat { get; set; }
        public Dictionary<long, MemoryItem> Claims { get; } = [];
    }
}
