using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

// What is done for holders, and now and then.
internal sealed partial class RedisQueueStore
{
    private static readonly TimeSpan s_longestRestoreInterval = TimeSpan.FromSeconds(10);

    private long _nextRestore;

    /// <inheritdoc/>
    public override async ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default)
    {
        var holder = await base.RegisterHolderAsync(name, lease, queueIds, cancellationToken).ConfigureAwait(false);
        if (Latest is { } topology)
        {
            await ListenAsync(topology, cancellationToken).ConfigureAwait(false);
        }
        return holder;
    }

    /// <inheritdoc/>
    public override void Sweep(long now)
    {
        if (Latest is not { } topology)
        {
            return;
        }
        if (QueuesUnusedAt(now) is { Length: > 0 } names)
        {
            // What was looked up last may be long ago.
            topology = Look(topology);
            Delete(topology.Snapshot, names, (queue, deleted) => Delete(topology, queue, deleted, now));
            topology = Look(topology);
        }
        // A queue that only Python consumes has nobody else who makes ready what is due.
        Run(MessageScripts.Promote, [now, Options.Separator]);
        if (now >= _nextRestore)
        {
            _nextRestore = now + (long)Math.Min(s_longestRestoreInterval.TotalMilliseconds, Options.VisibilityTimeout.TotalMilliseconds / 2);
            new UnackedRestore(Connection, _keys, Options, Names, Logger).Run(topology, now);
        }
    }

    /// <inheritdoc/>
    protected override QueueDeclaration? DeclarationOf(long queueId) => Latest?.Queue(queueId)?.Declaration;

    private RedisTopology Look(RedisTopology known) => Remember(Run(TopologyScripts.Lookup, [known.Digest]));

    private RedisResult Delete(RedisTopology topology, StoredQueue queue, int changesSince, long now) =>
        Run(TopologyScripts.Change, TopologyCommands.Of(topology, new TopologyChange { RemoveQueues = [queue.Id] }, _keys, Options, _ => "", changesSince, unusedAt: now));

    private ValueTask ListenAsync(RedisTopology topology, CancellationToken cancellationToken) => _bridge.ListenAsync(topology, ServedQueues, cancellationToken);
}
