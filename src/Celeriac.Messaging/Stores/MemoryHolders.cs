namespace Celeriac.Messaging.Stores;

/// <summary>The lease holders in memory and what each has claimed. The caller holds the store's lock.</summary>
internal sealed class MemoryHolders
{
    private readonly Dictionary<long, Holder> _holders = [];
    private long _last;

    public long Add(string name, TimeSpan lease, IReadOnlyList<long> queueIds)
    {
        _holders.Add(++_last, new Holder(name, lease, queueIds));
        return _last;
    }

    public bool Has(long holder) => _holders.ContainsKey(holder);

    public void Claim(long holder, MemoryItem item)
    {
        item.Holder = holder;
        item.Attempt++;
        _holders[holder].Claims.Add(item.Id, item);
    }

    /// <summary>Ends a claim and answers its message; null where it is lost.</summary>
    public MemoryItem? End(DeliveryClaim claim)
    {
        if (!_holders.TryGetValue(claim.Holder, out var holder) || !holder.Claims.TryGetValue(claim.Tag, out var item) || item.Attempt != claim.Generation)
        {
            return null;
        }
        holder.Claims.Remove(claim.Tag);
        return item;
    }

    /// <summary>Removes a holder; answers the queues it served and what it had claimed, or null where it is gone.</summary>
    public (IReadOnlyList<long> QueueIds, IReadOnlyCollection<MemoryItem> Claims)? Remove(long holder) =>
        _holders.Remove(holder, out var gone) ? (gone.QueueIds, gone.Claims.Values) : null;

    /// <summary>Forgets the claims on messages of a queue that is deleted.</summary>
    public void Drop(MemoryQueue queue)
    {
        foreach (var holder in _holders.Values)
        {
            foreach (var item in holder.Claims.Values.Where(item => item.Queue == queue).ToList())
            {
                holder.Claims.Remove(item.Id);
            }
        }
    }

    /// <summary>Raises the beat of those that are there; answers the queues they serve.</summary>
    public IEnumerable<long> Beat(IReadOnlyList<long> holders)
    {
        foreach (var holder in holders.Select(_holders.GetValueOrDefault).OfType<Holder>())
        {
            holder.Beat++;
            foreach (var queue in holder.QueueIds)
            {
                yield return queue;
            }
        }
    }

    public bool IsAt(HolderBeat beat) => _holders.TryGetValue(beat.Holder, out var holder) && holder.Beat == beat.Beat;

    public IReadOnlyList<HolderBeat> Beats() => [.. _holders.Select(pair => new HolderBeat(pair.Key, pair.Value.Name, pair.Value.Beat, pair.Value.Lease))];

    public HashSet<long> Served() => [.. _holders.Values.SelectMany(holder => holder.QueueIds)];

    public long ClaimsOn(MemoryQueue queue) => _holders.Values.Sum(holder => holder.Claims.Values.LongCount(item => item.Queue == queue));

    public long ConsumersOf(long queueId) => _holders.Values.LongCount(holder => holder.QueueIds.Contains(queueId));

    private sealed class Holder(string name, TimeSpan lease, IReadOnlyList<long> queueIds)
    {
        public string Name { get; } = name;
        public TimeSpan Lease { get; } = lease;
        public IReadOnlyList<long> QueueIds { get; } = queueIds;
        public long Beat { get; set; }
        public Dictionary<long, MemoryItem> Claims { get; } = [];
    }
}
