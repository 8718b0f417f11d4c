namespace Celeriac.Messaging.Stores;

/// <summary>A message in memory, in a queue or claimed by a holder.</summary>
internal sealed class MemoryItem(long id, MemoryQueue queue, StorePut put)
{
    public long Id { get; } = id;
    public MemoryQueue Queue { get; } = queue;
    public StorePut Put { get; } = put;
    public long Due { get; set; } = put.Due;
    public long Holder { get; set; }
    public int Attempt { get; set; }
    public int Deaths { get; set; }
    public ReadyPlace Place { get; set; }

    public TakenMessage ToTaken() => new(new DeliveryClaim(Id, Attempt, Holder), Queue.Id, Put.Message, Put.Exchange, Put.RoutingKey)
    {
        Redelivered = Attempt > 1,
        Deaths = Deaths,
        ExpiresAt = Put.ExpiresAt,
    };
}

/// <summary>A queue in memory: ready messages by priority and age, delayed ones by due time, and an index of those that expire.</summary>
internal sealed class MemoryQueue(long id, QueueDeclaration declaration)
{
    private readonly MemoryReady _ready = new();
    private readonly SortedSet<MemoryItem> _delayed = new(Comparer<MemoryItem>.Create(static (left, right) =>
        left.Due != right.Due ? left.Due.CompareTo(right.Due) : left.Id.CompareTo(right.Id)));
    private readonly SortedSet<MemoryItem> _expiring = new(Comparer<MemoryItem>.Create(static (left, right) =>
        left.Put.ExpiresAt != right.Put.ExpiresAt ? left.Put.ExpiresAt.CompareTo(right.Put.ExpiresAt) : left.Id.CompareTo(right.Id)));

    public long Id { get; } = id;
    public QueueDeclaration Declaration { get; } = declaration;
    public long UsedAt { get; set; }
    public int ReadyCount => _ready.Count;
    public int DelayedCount => _delayed.Count;
    public long? NextDue => _delayed.Count > 0 ? _delayed.Min!.Due : null;

    public void Add(MemoryItem item)
    {
        if (item.Due > 0)
        {
            _delayed.Add(item);
            return;
        }
        _ready.Add(item);
        if (item.Put.ExpiresAt > 0)
        {
            _expiring.Add(item);
        }
    }

    /// <summary>Makes ready what is due.</summary>
    public void Promote(long now)
    {
        while (_delayed.Count > 0 && _delayed.Min is { } item && item.Due <= now)
        {
            _delayed.Remove(item);
            item.Due = 0;
            Add(item);
        }
    }

    /// <summary>Takes the best ready message, or the one that expired first.</summary>
    public MemoryItem? Take(TakeRequest request)
    {
        var item = request.ExpiredOnly ? _expiring.Min : _ready.Peek();
        if (item is null || (request.ExpiredOnly && item.Put.ExpiresAt > request.Now))
        {
            return null;
        }
        _ready.Remove(item);
        if (item.Put.ExpiresAt > 0)
        {
            _expiring.Remove(item);
        }
        return item;
    }

    public long Purge()
    {
        var count = _ready.Count + _delayed.Count;
        _ready.Clear();
        _delayed.Clear();
        _expiring.Clear();
        return count;
    }

    public bool IsUnused(long now) => Declaration.Expires is { } expires && UsedAt + expires.TotalMilliseconds <= now;
}
