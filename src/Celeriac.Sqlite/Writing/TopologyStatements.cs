using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Sqlite.Engine;

namespace Celeriac.Sqlite.Writing;

/// <summary>Changes exchanges, queues and bindings under a version.</summary>
internal sealed class TopologyStatements(WriteSession session, Database database, TimeProvider time)
{
    private readonly Statement _setVersion = database.Prepare("UPDATE meta SET value = ? WHERE name = 'topology_version'");
    private readonly Statement _addExchange = database.Prepare("INSERT INTO exchanges(name, type, durable) VALUES(?, ?, ?)");
    private readonly Statement _addQueue = database.Prepare("""
        INSERT INTO queues(name, durable, expires_ticks, message_ttl_ticks, max_priority, dead_letter_exchange, dead_letter_routing_key, used_at)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?)
        """);
    private readonly Statement _addBinding = database.Prepare("INSERT OR IGNORE INTO bindings(exchange, queue, routing_key) VALUES(?, ?, ?)");
    private readonly Statement _removeBinding = database.Prepare("DELETE FROM bindings WHERE exchange = ? AND queue = ? AND routing_key = ?");
    private readonly Statement _unbindQueue = database.Prepare("DELETE FROM bindings WHERE queue = (SELECT name FROM queues WHERE id = ?)");
    private readonly Statement _removeQueue = database.Prepare("DELETE FROM queues WHERE id = ?");
    private readonly Statement _stopServing = database.Prepare("DELETE FROM holder_queues WHERE queue = ?");
    private readonly Statement _drop = database.Prepare("INSERT OR IGNORE INTO dropped_queues(id) VALUES(?)");
    private readonly Statement _unbindExchange = database.Prepare("DELETE FROM bindings WHERE exchange = ?");
    private readonly Statement _removeExchange = database.Prepare("DELETE FROM exchanges WHERE name = ?");

    /// <summary>Applies the change if the version is still the expected one.</summary>
    public bool TryChange(long expectedVersion, TopologyChange change)
    {
        if (session.TopologyVersion != expectedVersion)
        {
            return false;
        }
        Remove(change);
        Add(change.Add);
        RaiseVersion();
        return true;
    }

    /// <summary>
    /// Removes a queue with its bindings and the messages that are claimed, so that their claims are lost at once.
    /// The others, of which there may be millions, can no longer be reached and are deleted piece by piece (<see cref="SweepStatements"/>).
    /// </summary>
    public void RemoveQueue(long queueId)
    {
        _unbindQueue.With(queueId).Run();
        _removeQueue.With(queueId).Run();
        _stopServing.With(queueId).Run();
        _drop.With(queueId).Run();
        session.Messages.RemoveClaimed(queueId);
    }

    /// <summary>Tells every process to look the topology up again.</summary>
    public void RaiseVersion()
    {
        session.TopologyVersion++;
        _setVersion.With(session.TopologyVersion).Run();
        session.AddNews();
    }

    private void Remove(TopologyChange change)
    {
        foreach (var binding in change.RemoveBindings)
        {
            _removeBinding.With(binding.Exchange).With(binding.Queue).With(binding.RoutingKey).Run();
        }
        foreach (var queueId in change.RemoveQueues)
        {
            RemoveQueue(queueId);
        }
        foreach (var exchange in change.RemoveExchanges)
        {
            _unbindExchange.With(exchange).Run();
            _removeExchange.With(exchange).Run();
        }
    }

    private void Add(Topology topology)
    {
        foreach (var exchange in topology.Exchanges)
        {
            _addExchange.With(exchange.Name).With((long)exchange.Type).With(exchange.Durable ? 1L : 0L).Run();
        }
        foreach (var queue in topology.Queues)
        {
            _addQueue.With(queue.Name).With(queue.Durable ? 1L : 0L).With(queue.Expires?.Ticks).With(queue.MessageTimeToLive?.Ticks)
                .With((long?)queue.MaxPriority).With(queue.DeadLetterExchange).With(queue.DeadLetterRoutingKey)
                .With(time.GetUtcNow().ToUnixTimeMilliseconds()).Run();
        }
        foreach (var binding in topology.Bindings)
        {
            _addBinding.With(binding.Exchange).With(binding.Queue).With(binding.RoutingKey).Run();
        }
    }
}
