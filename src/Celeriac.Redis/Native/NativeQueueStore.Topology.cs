using System.Globalization;
using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker;
using Celeriac.Redis.Native.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Native;

// What is declared.
internal sealed partial class NativeQueueStore
{
    private TopologySnapshot? _latest;

    /// <inheritdoc/>
    public override async ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default)
    {
        var known = Volatile.Read(ref _latest);
        return Remember(known, await RunAsync(NativeTopologyScripts.Lookup, [VersionOf(known)], cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (Volatile.Read(ref _latest) is not { } topology || topology.Version != expectedVersion)
        {
            return false;
        }
        var answer = await RunAsync(NativeTopologyScripts.Change, ArgumentsOf(topology, change, Now), cancellationToken).ConfigureAwait(false);
        Pulse();
        return IsChanged(answer, "Kombu's form, which URLs without form=native open");
    }

    /// <inheritdoc/>
    public override void Sweep(long now)
    {
        if (Volatile.Read(ref _latest) is { } latest && QueuesUnusedAt(now) is { Length: > 0 } names)
        {
            // What was looked up last may be long ago.
            var topology = Look(latest);
            Delete(topology, names, (queue, deleted) => Run(NativeTopologyScripts.Change, ArgumentsOf(topology, new TopologyChange { RemoveQueues = [queue.Id] }, 0, deleted, unusedAt: now)));
            Look(topology);
        }
    }

    /// <inheritdoc/>
    protected override QueueDeclaration? DeclarationOf(long queueId) =>
        Volatile.Read(ref _latest)?.Queues.FirstOrDefault(queue => queue.Id == queueId)?.Declaration;

    private static RedisValue VersionOf(TopologySnapshot? topology) => topology is null ? "" : topology.Version;

    private TopologySnapshot Look(TopologySnapshot known) => Remember(known, Run(NativeTopologyScripts.Lookup, [VersionOf(known)]));

    private TopologySnapshot Remember(TopologySnapshot? known, RedisResult answer)
    {
        if (answer.Length == 1)
        {
            return known!;
        }
        var topology = new TopologySnapshot(
            (long)answer[0],
            [.. ((string[])answer[1]!).Select(text => JsonSerializer.Deserialize(text, TopologyJson.Default.ExchangeDeclaration)!)],
            [.. ((string[])answer[2]!).Chunk(2).Select(pair => new StoredQueue(
                long.Parse(pair[0], NumberStyles.None, CultureInfo.InvariantCulture), JsonSerializer.Deserialize(pair[1], TopologyJson.Default.QueueDeclaration)!))],
            [.. ((string[])answer[3]!).Select(text => JsonSerializer.Deserialize(text, TopologyJson.Default.Binding)!)]);
        Volatile.Write(ref _latest, topology);
        return topology;
    }

    private IEnumerable<RedisValue> ArgumentsOf(TopologySnapshot topology, TopologyChange change, long now, int changesSince = 0, long unusedAt = 0)
    {
        var queues = topology.Queues.Where(queue => change.RemoveQueues.Contains(queue.Id)).ToList();
        var names = queues.Select(queue => queue.Declaration.Name).ToHashSet(StringComparer.Ordinal);
        var unbound = topology.Bindings.Where(binding => change.RemoveBindings.Contains(binding) || names.Contains(binding.Queue) || change.RemoveExchanges.Contains(binding.Exchange)).ToList();
        return
        [
            topology.Version + changesSince, Options.Prefix,
            unbound.Count, .. unbound.Select(Text),
            queues.Count, .. queues.SelectMany(queue => new RedisValue[] { queue.Id, queue.Declaration.Name, unusedAt }),
            change.RemoveExchanges.Count, .. change.RemoveExchanges.Select(name => (RedisValue)name),
            change.Add.Exchanges.Count, .. change.Add.Exchanges.SelectMany(exchange => new RedisValue[] { exchange.Name, JsonSerializer.Serialize(exchange, TopologyJson.Default.ExchangeDeclaration) }),
            change.Add.Queues.Count, .. change.Add.Queues.SelectMany(queue => new RedisValue[] { queue.Name, RedisTopology.Text(queue), ExpiryOf(queue, now) }),
            change.Add.Bindings.Count, .. change.Add.Bindings.Select(Text),
        ];
    }

    private static RedisValue Text(Binding binding) => JsonSerializer.Serialize(binding, TopologyJson.Default.Binding);
}
