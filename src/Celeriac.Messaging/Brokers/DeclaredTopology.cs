namespace Celeriac.Messaging.Brokers;

/// <summary>What a transport has declared, to be declared again on its next connection. Safe from any thread.</summary>
internal sealed class DeclaredTopology
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ExchangeDeclaration> _exchanges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, QueueDeclaration> _queues = new(StringComparer.Ordinal);
    private readonly HashSet<Binding> _bindings = [];

    /// <summary>The broker has accepted a declaration.</summary>
    public void Add(Topology topology)
    {
        lock (_lock)
        {
            foreach (var exchange in topology.Exchanges)
            {
                _exchanges[exchange.Name] = exchange;
            }
            foreach (var queue in topology.Queues)
            {
                _queues[queue.Name] = queue;
            }
            _bindings.UnionWith(topology.Bindings);
        }
    }

    /// <summary>A binding is removed on purpose.</summary>
    public void Remove(Binding binding)
    {
        lock (_lock)
        {
            _bindings.Remove(binding);
        }
    }

    /// <summary>A queue is deleted on purpose.</summary>
    public void RemoveQueue(string queue)
    {
        lock (_lock)
        {
            _queues.Remove(queue);
            _bindings.RemoveWhere(binding => binding.Queue == queue);
        }
    }

    /// <summary>An exchange is deleted on purpose.</summary>
    public void RemoveExchange(string exchange)
    {
        lock (_lock)
        {
            _exchanges.Remove(exchange);
            _bindings.RemoveWhere(binding => binding.Exchange == exchange);
        }
    }

    /// <summary>
    /// Declares all of it by <paramref name="declare"/>: in one call, and where that fails each thing by itself, so that what is refused costs
    /// only itself.
    /// </summary>
    /// <param name="declare">Declares on the new connection.</param>
    /// <param name="costsOnlyItself">True for a failure that leaves the connection as it is; another one ends the whole.</param>
    /// <param name="failed">Told of each thing that was not declared.</param>
    public async Task DeclareAgainAsync(Func<Topology, Task> declare, Func<TransportException, bool> costsOnlyItself, Action<TransportException> failed)
    {
        var (all, parts) = Take();
        if (parts.Count == 0)
        {
            return;
        }
        try
        {
            await declare(all).ConfigureAwait(false);
        }
        catch (TransportException error) when (costsOnlyItself(error))
        {
            foreach (var part in parts)
            {
                try
                {
                    await declare(part).ConfigureAwait(false);
                }
                catch (TransportException alone) when (costsOnlyItself(alone))
                {
                    failed(alone);
                }
            }
        }
    }

    private (Topology All, List<Topology> Parts) Take()
    {
        lock (_lock)
        {
            var all = new Topology { Exchanges = [.. _exchanges.Values], Queues = [.. _queues.Values], Bindings = [.. _bindings] };
            List<Topology> parts =
            [
                .. all.Exchanges.Select(exchange => new Topology { Exchanges = [exchange] }),
                .. all.Queues.Select(queue => new Topology { Queues = [queue] }),
                .. all.Bindings.Select(binding => new Topology { Bindings = [binding] }),
            ];
            return (all, parts);
        }
    }
}
