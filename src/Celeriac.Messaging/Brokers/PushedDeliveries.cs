using Celeriac.Messaging.Stores;

namespace Celeriac.Messaging.Brokers;

/// <summary>
/// Between a broker that pushes and a consumer that pulls: a buffer for each queue, served in turn, from which at most the prefetch is
/// handed out and unsettled. The broker's own prefetch, for each queue, bounds what waits here.
/// </summary>
internal sealed class PushedDeliveries
{
    private readonly Lock _lock = new();
    private readonly ChangeSignal _changed = new();
    private readonly Dictionary<string, Queue<Delivery>> _waiting;
    private readonly string[] _queues;
    private readonly int _prefetch;
    private long _generation;
    private int _handedOut;
    private int _turn;
    private bool _cancelled;
    private Exception? _failure;

    public PushedDeliveries(SubscriptionOptions options)
    {
        _prefetch = options.Prefetch;
        _queues = [.. options.Queues.Distinct(StringComparer.Ordinal)];
        _turn = _queues.Length - 1;
        _waiting = _queues.ToDictionary(queue => queue, _ => new Queue<Delivery>(), StringComparer.Ordinal);
    }

    /// <summary>The queues, each once.</summary>
    public IReadOnlyList<string> Queues => _queues;

    /// <summary>How many deliveries are handed out and not yet settled.</summary>
    public int HandedOut
    {
        get
        {
            lock (_lock)
            {
                return _handedOut;
            }
        }
    }

    /// <summary>True while a delivery could be handed out and none waits here: what a watchdog asks before it suspects the broker.</summary>
    public bool IsStarved
    {
        get
        {
            lock (_lock)
            {
                return !_cancelled && _failure is null && _handedOut < _prefetch && _waiting.Values.All(waiting => waiting.Count == 0);
            }
        }
    }

    /// <summary>A new connection: what came over an older one cannot be settled any more and is forgotten; the broker delivers it again.</summary>
    public void Begin(long generation)
    {
        lock (_lock)
        {
            _generation = generation;
            _handedOut = 0;
            foreach (var waiting in _waiting.Values)
            {
                waiting.Clear();
            }
        }
        _changed.Pulse();
    }

    /// <summary>The broker has pushed a delivery. False: the subscription was cancelled, or the connection is an old one; the caller gives it back.</summary>
    public bool Add(Delivery delivery)
    {
        lock (_lock)
        {
            if (_cancelled || delivery.Claim.Generation != _generation)
            {
                return false;
            }
            _waiting[delivery.Queue].Enqueue(delivery);
        }
        _changed.Pulse();
        return true;
    }

    /// <summary>A delivery that was handed out is settled: there is room for another.</summary>
    public void Settled(Delivery delivery)
    {
        lock (_lock)
        {
            if (delivery.Claim.Generation != _generation)
            {
                return;
            }
            if (_handedOut-- < _prefetch)
            {
                // Who waits now waits for a delivery.
                return;
            }
        }
        _changed.Pulse();
    }

    /// <summary>Waits for the next delivery; null once cancelled.</summary>
    public async ValueTask<Delivery?> TakeAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var seen = _changed.Version;
            lock (_lock)
            {
                if (_failure is not null && !_cancelled)
                {
                    throw _failure;
                }
                if (_cancelled)
                {
                    return null;
                }
                cancellationToken.ThrowIfCancellationRequested();
                if (_handedOut < _prefetch && TakeInTurn() is { } delivery)
                {
                    _handedOut++;
                    return delivery;
                }
            }
            await _changed.WaitAsync(seen, Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>From now on <see cref="TakeAsync"/> answers null. Answers what waited here, in its order, for the caller to give back.</summary>
    public IReadOnlyList<Delivery> Cancel()
    {
        List<Delivery> untaken;
        lock (_lock)
        {
            _cancelled = true;
            untaken = [.. _queues.SelectMany(queue => _waiting[queue])];
            foreach (var waiting in _waiting.Values)
            {
                waiting.Clear();
            }
        }
        _changed.Pulse();
        return untaken;
    }

    /// <summary>From now on <see cref="TakeAsync"/> throws: a queue is gone.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
        }
        _changed.Pulse();
    }

    private Delivery? TakeInTurn()
    {
        for (var step = 0; step < _queues.Length; step++)
        {
            _turn = (_turn + 1) % _queues.Length;
            if (_waiting[_queues[_turn]].TryDequeue(out var delivery))
            {
                return delivery;
            }
        }
        return null;
    }
}
