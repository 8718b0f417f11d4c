namespace Celeriac.Messaging.Stores;

/// <summary>The exchanges, queues and bindings in memory, with their version. The caller holds the store's lock.</summary>
internal sealed class MemoryTopology
{
    private readonly Dictionary<long, MemoryQueue> _queues = [];
    private readonly Dictionary<string, ExchangeDeclaration> _exchanges = new(StringComparer.Ordinal);
    private readonly HashSet<Binding> _bindings = [];
    private long _lastQueue;

    public long Version { get; private set; } = 1;

    public TopologySnapshot Snapshot() =>
        new(Version, [.. _exchanges.Values], [.. _queues.Values.Select(queue => new StoredQueue(queue.Id, queue.Declaration))], [.. _bindings]);

    public MemoryQueue? Find(long id) => _queues.GetValueOrDefault(id);

    public IEnumerable<MemoryQueue> Find(IEnumerable<long> ids) => ids.Select(Find).OfType<MemoryQueue>();

    public IReadOnlyList<MemoryQueue> Unused(long now, HashSet<long> served) => [.. _queues.Values.Where(queue => queue.IsUnused(now) && !served.Contains(queue.Id))];

    /// <summary>Applies a change; answers the queues that it removes.</summary>
    public IReadOnlyList<MemoryQueue> Apply(TopologyChange change, long now)
    {
        Version++;
        _bindings.ExceptWith(change.RemoveBindings);
        var removed = Find(change.RemoveQueues).ToList();
        foreach (var queue in removed)
        {
            _queues.Remove(queue.Id);
            _bindings.RemoveWhere(binding => binding.Queue == queue.Declaration.Name);
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
            _queues.Add(id, new MemoryQueue(id, queue) { UsedAt = now });
        }
        _bindings.UnionWith(change.Add.Bindings);
        return removed;
    }
}
