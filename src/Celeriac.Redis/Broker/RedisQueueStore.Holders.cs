using System.Collections.Concurrent;
using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Redis.Broker.Scripts;
using StackExchange.Redis;

namespace Celeriac.Redis.Broker;

// Leases, and what is done now and then.
internal sealed partial class RedisQueueStore
{
    private static readonly TimeSpan s_longestRestoreInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<long, IReadOnlyList<long>> _holders = new();
    private long _nextRestore;

    /// <inheritdoc/>
    public async ValueTask<long> RegisterHolderAsync(string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(queueIds);
        var holder = (long)await RunAsync(HolderScripts.Register, [name, (long)lease.TotalMilliseconds, string.Join(',', queueIds)], cancellationToken).ConfigureAwait(false);
        _holders[holder] = [.. queueIds];
        if (Latest is { } topology)
        {
            await ListenAsync(topology, cancellationToken).ConfigureAwait(false);
        }
        return holder;
    }

    /// <inheritdoc/>
    public async ValueTask ReleaseHolderAsync(long holder, CancellationToken cancellationToken = default)
    {
        var queues = _holders.TryRemove(holder, out var served) ? served : [];
        _unanswered.TryRemove(holder, out _);
        try
        {
            RedisValue[] arguments = [.. _names, holder, .. UsesOf(queues, Now)];
            await _connection.CallOnceAsync(redis => redis.GetDatabase().ScriptEvaluateAsync(HolderScripts.Release, null, arguments))
                .WaitAsync(s_grace, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or (TransportException and not TransportRefusedException))
        {
            // The server is away: the lease runs out, and others take back what is held.
            Log.NotReleased(_log, holder, error.Message);
        }
        _changes.Pulse();
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Beat(IReadOnlyList<long> holders, long now)
    {
        ArgumentNullException.ThrowIfNull(holders);
        var served = holders.SelectMany(holder => _holders.GetValueOrDefault(holder) ?? []).Distinct();
        RedisValue[] arguments = [holders.Count, .. holders.Select(holder => (RedisValue)holder), .. UsesOf(served, now)];
        var gone = (long[])Run(HolderScripts.Beat, arguments)!;
        foreach (var holder in gone)
        {
            _holders.TryRemove(holder, out _);
            _unanswered.TryRemove(holder, out _);
        }
        return gone;
    }

    /// <inheritdoc/>
    public IReadOnlyList<HolderBeat> ReadBeats()
    {
        var answer = (string[])Run(HolderScripts.Beats, [])!;
        return [.. answer.Chunk(4).Select(beat => new HolderBeat(Number(beat[0]), beat[1], Number(beat[2]), TimeSpan.FromMilliseconds(Number(beat[3]))))];
    }

    /// <inheritdoc/>
    public int Reclaim(IReadOnlyList<HolderBeat> dead)
    {
        ArgumentNullException.ThrowIfNull(dead);
        var count = (int)Run(HolderScripts.Reclaim, [dead.Count, .. dead.SelectMany(beat => new RedisValue[] { beat.Holder, beat.Beat })]);
        _changes.Pulse();
        return count;
    }

    /// <inheritdoc/>
    public void Sweep(long now)
    {
        if (Latest is not { } topology)
        {
            return;
        }
        DeleteUnused(topology, now);
        // A queue that only Python consumes has nobody else who makes ready what is due.
        Run(MessageScripts.Promote, [now, _options.Separator]);
        if (now >= _nextRestore)
        {
            _nextRestore = now + (long)Math.Min(s_longestRestoreInterval.TotalMilliseconds, _options.VisibilityTimeout.TotalMilliseconds / 2);
            new UnackedRestore(_connection, _keys, _options, _names, _log).Run(topology, now);
        }
    }

    /// <summary>Those that no holder serves; the script looks again.</summary>
    private void DeleteUnused(RedisTopology topology, long now)
    {
        var names = _connection.Call(redis => redis.SortedSetRangeByScore($"{_keys.Own}uses", double.NegativeInfinity, now, take: 100));
        foreach (var name in names)
        {
            if (topology.Snapshot.Queues.FirstOrDefault(queue => queue.Declaration.Name == name) is { } queue)
            {
                Run(HolderScripts.Change, TopologyCommands.Of(topology, new TopologyChange { RemoveQueues = [queue.Id] }, _keys, _options, now, onlyUnused: true));
            }
        }
        if (names.Length > 0)
        {
            Remember(Run(HolderScripts.Lookup, [topology.Digest]));
        }
    }

    /// <summary>The queues that expire, as arguments: how many, each with the time at which it does.</summary>
    private IEnumerable<RedisValue> UsesOf(IEnumerable<long> queueIds, long now)
    {
        var topology = Latest;
        var expiring = queueIds.Select(id => topology?.Queue(id)?.Declaration).OfType<QueueDeclaration>().Where(queue => queue.Expires is not null).ToList();
        return [expiring.Count, .. expiring.SelectMany(queue => new RedisValue[] { queue.Name, TopologyCommands.ExpiryOf(queue, now) })];
    }

    private ValueTask ListenAsync(RedisTopology topology, CancellationToken cancellationToken) =>
        _bridge.ListenAsync(topology, _holders.Values.SelectMany(queues => queues).ToHashSet(), cancellationToken);

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
