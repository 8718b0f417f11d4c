using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

/// <summary>A change of the topology as arguments of its script.</summary>
internal static class TopologyCommands
{
    /// <param name="topology">What was looked up.</param>
    /// <param name="change">What is to change.</param>
    /// <param name="keys">The names of keys.</param>
    /// <param name="options">The URL's options.</param>
    /// <param name="expiry">The moment at which a new queue expires when nobody uses it; nothing where it does not.</param>
    /// <param name="changesSince">How many changes the caller has made since the look.</param>
    /// <param name="unusedAt">Queues are deleted only where nobody serves them and nobody has used them so that they live on at this time; 0 for whatever they are.</param>
    public static IEnumerable<RedisValue> Of(
        RedisTopology topology, TopologyChange change, BrokerKeys keys, RedisBrokerOptions options, Func<QueueDeclaration, RedisValue> expiry, int changesSince = 0, long unusedAt = 0)
    {
        var removed = change.RemoveQueues.Select(topology.Queue).OfType<StoredQueue>().ToList();
        var commands = Commands(topology, change, removed.Select(queue => queue.Declaration.Name).ToHashSet(StringComparer.Ordinal), keys, options).ToList();
        return
        [
            long.Parse(topology.Registered, CultureInfo.InvariantCulture) + changesSince,
            removed.Count, .. removed.SelectMany(queue => new RedisValue[] { queue.Id, unusedAt, queue.Declaration.Name }),
            change.Add.Queues.Count, .. change.Add.Queues.SelectMany(queue => new RedisValue[] { queue.Name, RedisTopology.Text(queue), expiry(queue) }),
            commands.Count, .. commands.SelectMany(command => command.Prepend(command.Length)),
        ];
    }

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
