using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

// What is declared.
internal sealed partial class RedisQueueStore
{
    // Callers route by a table that they looked up some time ago; older ones look up again.
    private const int Remembered = 16;

    private readonly Lock _lookups = new();
    private readonly List<RedisTopology> _topologies = [];

    /// <inheritdoc/>
    public override async ValueTask<TopologySnapshot> LookupAsync(CancellationToken cancellationToken = default)
    {
        var topology = Remember(await RunAsync(TopologyScripts.Lookup, [Latest?.Digest ?? ""], cancellationToken).ConfigureAwait(false));
        await ListenAsync(topology, cancellationToken).ConfigureAwait(false);
        return topology.Snapshot;
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> ChangeTopologyAsync(long expectedVersion, TopologyChange change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (Topology(expectedVersion) is not { } topology)
        {
            return false;
        }
        var now = Now;
        var arguments = TopologyCommands.Of(topology, change, _keys, Options, queue => ExpiryOf(queue, now));
        var answer = await RunAsync(TopologyScripts.Change, arguments, cancellationToken).ConfigureAwait(false);
        Pulse();
        return IsChanged(answer, "the native form, which URLs with form=native open");
    }

    private RedisTopology? Latest
    {
        get
        {
            lock (_lookups)
            {
                return _topologies.Count == 0 ? null : _topologies[^1];
            }
        }
    }

    private RedisTopology? Topology(long version)
    {
        lock (_lookups)
        {
            return _topologies.Find(topology => topology.Snapshot.Version == version);
        }
    }

    private string? NameOf(long queueId)
    {
        lock (_lookups)
        {
            return _topologies.Select(topology => topology.NameOf(queueId)).LastOrDefault(name => name is not null);
        }
    }

    private RedisTopology Remember(RedisResult answer)
    {
        lock (_lookups)
        {
            var last = _topologies.Count == 0 ? null : _topologies[^1];
            var digest = (string)answer[0]!;
            if (_topologies.FindLast(known => known.Digest == digest) is { } known && (known == last || answer.Length == 1))
            {
                return known;
            }
            var topology = RedisTopology.Read((last?.Snapshot.Version ?? 0) + 1, answer, Options.Separator);
            _topologies.Add(topology);
            if (_topologies.Count > Remembered)
            {
                _topologies.RemoveAt(0);
            }
            return topology;
        }
    }
}
