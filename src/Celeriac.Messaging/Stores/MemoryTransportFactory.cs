namespace Celeriac.Messaging.Stores;

/// <summary>
/// Serves <c>memory://name</c>. Transports of one process that name the same store share it; it lives as long as one of them is open.
/// </summary>
public sealed class MemoryTransportFactory : ITransportFactory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (MemoryQueueStore Store, int Users)> _stores = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ITransport Create(BrokerUrl url, TransportContext context)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(context);
        url.RequireKnown([.. StoreTransportOptions.Names]);
        lock (_lock)
        {
            var (store, users) = _stores.TryGetValue(url.Path, out var open)
                ? open
                : (new MemoryQueueStore(context.Time) { Released = () => Release(url.Path) }, 0);
            _stores[url.Path] = (store, users + 1);
            return new StoreTransport(url, store, context);
        }
    }

    private void Release(string name)
    {
        lock (_lock)
        {
            var (store, users) = _stores[name];
            if (users == 1)
            {
                _stores.Remove(name);
            }
            else
            {
                _stores[name] = (store, users - 1);
            }
        }
    }
}
