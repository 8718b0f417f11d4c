using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>A change of the topology as arguments of its script.</summary>
internal static class TopologyCommands
{
    public static IEnumerable<RedisValue> Of(RedisTopology topology, TopologyChange change, BrokerKeys keys, RedisBrokerOptions options, long now, bool onlyUnused)
    {
        var removed = change.RemoveQueues.Select(topology.Queue).OfType<StoredQueue>().ToList();
        var commands = Commands(topology, change, removed.Select(queue => queue.Declaration.Name).ToHashSet(StringComparer.Ordinal), keys, options).ToList();
        return
        [
            topology.Registered,
            removed.Count, .. removed.SelectMany(queue => new RedisValue[] { queue.Id, onlyUnused ? "1" : "0", queue.Declaration.Name }),
            change.Add.Queues.Count, .. change.Add.Queues.SelectMany(queue => new RedisValue[] { queue.Name, RedisTopology.Text(queue), ExpiryOf(queue, now) }),
            commands.Count, .. commands.SelectMany(command => command.Prepend(command.Length)),
        ];
    }

    /// <summary>The moment at which an unused queue expires; nothing where it does not.</summary>
    public static RedisValue ExpiryOf(QueueDeclaration queue, long now) => queue.Expires is { } expires ? now + (long)Math.Min(expires.TotalMilliseconds, 1e14) : "";

    private static IEnumerable<RedisValue[]> Commands(RedisTopology topology, TopologyChange change, HashSet<string> removedQueues, BrokerKeys keys, RedisBrokerOptions options)
    {
        var removedExchanges = change.RemoveExchanges.ToHashSet(StringComparer.Ordinal);
        foreach (var binding in topology.Snapshot.Bindings)
        {
            if (change.RemoveBindings.Contains(binding) || removedQueues.Contains(binding.Queue) || removedExchanges.Contains(binding.Exchange))
            {
                yield return BindingCommand("SREM", binding, topology.Types[binding.Exchange], keys, options);
            }
        }
        foreach (var queue in removedQueues)
        {
            yield return ["DEL", keys.Delayed(queue), .. options.PrioritySteps.Select(step => (RedisValue)keys.List(queue, step))];
        }
        foreach (var exchange in removedExchanges)
        {
            yield return ["HDEL", $"{keys.Own}exchanges", exchange];
        }
        foreach (var exchange in change.Add.Exchanges)
        {
            yield return ["HSET", $"{keys.Own}exchanges", exchange.Name, RedisTopology.Text(exchange)];
        }
        foreach (var binding in change.Add.Bindings)
        {
            var type = topology.Types.TryGetValue(binding.Exchange, out var present) ? present : change.Add.Exchanges.First(exchange => exchange.Name == binding.Exchange).Type;
            yield return BindingCommand("SADD", binding, type, keys, options);
        }
    }

    private static RedisValue[] BindingCommand(string command, Binding binding, ExchangeType type, BrokerKeys keys, RedisBrokerOptions options) => type == ExchangeType.Fanout
        ? [command, $"{keys.Own}fanouts", RedisTopology.FanoutText(binding, options.Separator)]
        : [command, keys.Bindings(binding.Exchange), RedisTopology.Text(binding, type, options.Separator)];
}
