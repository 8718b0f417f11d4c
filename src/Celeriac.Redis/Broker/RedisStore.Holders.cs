using System.Collections.Concurrent;
using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

// Leases, and queues that nobody uses.
internal abstract partial class RedisStore
{
    private readonly ConcurrentDictionary<long, Holder> _holders = new();

    /// <summary>The queues that this process consumes.</summary>
    protected HashSet<long> ServedQueues => [.. _holders.Values.SelectMany(holder => holder.QueueIds)];

    /// <inheritdoc/>
    public virtual async ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queueIds);
        var number = (long)await RunAsync(_holderScripts.Register, [name, (long)lease.TotalMilliseconds, string.Join(',', queueIds)], cancellationToken).ConfigureAwait(false);
        _holders[number] = new Holder([.. queueIds]);
        return number;
    }

    /// <inheritdoc/>
    public async ValueTask ReleaseHolderAsync(long holder, CancellationToken cancellationToken = default)
    {
        var queues = _holders.TryRemove(holder, out var gone) ? gone.QueueIds : [];
        try
        {
            RedisValue[] arguments = [.. _names, holder, .. UsesOf(queues, Now)];
            await Connection.CallOnceAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(_holderScripts.Release, null, arguments))
                .WaitAsync(s_grace, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or (TransportException and not TransportRefusedException))
        {
            // The server is away: the lease runs out, and others take back what is held.
            Log.NotReleased(Logger, holder, error.Message);
        }
        Pulse();
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Beat(IReadOnlyList<long> holders, long now)
    {
        ArgumentNullException.ThrowIfNull(holders);
        var served = holders.SelectMany(holder => _holders.GetValueOrDefault(holder)?.QueueIds ?? []).Distinct();
        RedisValue[] arguments = [holders.Count, .. holders.Select(holder => (RedisValue)holder), .. UsesOf(served, now)];
        var gone = (long[])Run(_holderScripts.Beat, arguments)!;
        foreach (var holder in gone)
        {
            _holders.TryRemove(holder, out _);
        }
        return gone;
    }

    /// <inheritdoc/>
    public IReadOnlyList<HolderBeat> ReadBeats()
    {
        var answer = (string[])Run(_holderScripts.Beats, [])!;
        return [.. answer.Chunk(4).Select(beat => new HolderBeat(Number(beat[0]), beat[1], Number(beat[2]), TimeSpan.FromMilliseconds(Number(beat[3]))))];
    }

    /// <inheritdoc/>
    public int Reclaim(IReadOnlyList<HolderBeat> dead)
    {
        ArgumentNullException.ThrowIfNull(dead);
        var count = (int)Run(_holderScripts.Reclaim, [dead.Count, .. dead.SelectMany(beat => new RedisValue[] { beat.Holder, beat.Beat })]);
        Pulse();
        return count;
    }

    /// <summary>The moment at which an unused queue expires; nothing where it does not.</summary>
    protected static RedisValue ExpiryOf(QueueDeclaration queue, long now) => queue.Expires is { } expires ? now + (long)Math.Min(expires.TotalMilliseconds, 1e14) : "";

    /// <summary>The queue, by what was looked up last.</summary>
    protected abstract QueueDeclaration? DeclarationOf(long queueId);

    /// <summary>The names of queues whose time has passed.</summary>
    protected RedisValue[] QueuesUnusedAt(long now) => Connection.Call(redis => redis.SortedSetRangeByScore(_uses, double.NegativeInfinity, now, take: 100));

    /// <summary>Deletes queues one by one. Whether somebody serves one, or has used it meanwhile, is for the script to see.</summary>
    /// <param name="topology">What there is.</param>
    /// <param name="names">Which to delete.</param>
    /// <param name="delete">Deletes one, and is told how many changes came before it since the look: none waits for the next look because of another. Answers 1 where it is gone.</param>
    protected static void Delete(TopologySnapshot topology, RedisValue[] names, Func<StoredQueue, int, RedisResult> delete)
    {
        ArgumentNullException.ThrowIfNull(topology);
        ArgumentNullException.ThrowIfNull(delete);
        var deleted = 0;
        foreach (var queue in topology.Queues.Where(queue => names.Contains(queue.Declaration.Name)))
        {
            deleted += (int)delete(queue, deleted);
        }
    }

    /// <summary>The queues that expire, as arguments: how many, each with the time at which it does.</summary>
    private IEnumerable<RedisValue> UsesOf(IEnumerable<long> queueIds, long now)
    {
        var expiring = queueIds.Select(DeclarationOf).OfType<QueueDeclaration>().Where(queue => queue.Expires is not null).ToList();
        return [expiring.Count, .. expiring.SelectMany(queue => new RedisValue[] { queue.Name, ExpiryOf(queue, now) })];
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>A holder of this process.</summary>
    private sealed class Holder(IReadOnlyList<long> queueIds)
    {
        public IReadOnlyList<long> QueueIds => queueIds;

        /// <summary>Takes whose answer was lost: what they claimed is given back by the next one.</summary>
        public ConcurrentDictionary<long, bool> Unanswered { get; } = new();

        /// <summary>The last take got all that it asked for, so the next one will find something too.</summary>
        public bool FoundPlenty { get; set; }
    }
}
