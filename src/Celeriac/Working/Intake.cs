using System.Collections.Frozen;
using Celeriac.Messaging;
using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>What the intake has received.</summary>
internal readonly record struct Received(Delivery Delivery, IntakeSubscription Source);

/// <summary>
/// The queues that a worker consumes. They may change while it runs, and so may the prefetch: then a new subscription over all of them takes over.
/// </summary>
internal sealed class Intake(TaskClient client, string node, IReadOnlyList<string> queues, int prefetch)
{
    private readonly Lock _lock = new();
    private readonly List<IntakeSubscription> _subscriptions = [];
    private string[] _queues = [.. queues];
    private int _prefetch = prefetch;
    private FrozenSet<string> _paused = [];
    private CancellationTokenSource? _changed;
    private IntakeSubscription? _current;

    /// <summary>The queues, in the order in which they came.</summary>
    public IReadOnlyList<string> Queues => Volatile.Read(ref _queues);

    /// <summary>How many messages are fetched and not yet done.</summary>
    public int Prefetch => Volatile.Read(ref _prefetch);

    /// <summary>Consumes one queue more; false where it does already.</summary>
    public bool Add(string queue) => Change(() =>
    {
        var isNew = !_queues.Contains(queue, StringComparer.Ordinal);
        _queues = isNew ? [.. _queues, queue] : _queues;
        return isNew;
    });

    /// <summary>Consumes one queue less; false where it did not.</summary>
    public bool Remove(string queue) => Change(() =>
    {
        var isThere = _queues.Contains(queue, StringComparer.Ordinal);
        _queues = isThere ? [.. _queues.Where(other => other != queue)] : _queues;
        return isThere;
    });

    public bool ChangePrefetch(int prefetch) => Change(() =>
    {
        var isNew = _prefetch != prefetch;
        _prefetch = prefetch;
        return isNew;
    });

    /// <summary>Leaves out the paused ones of its queues until they are no longer among those told.</summary>
    public void Hold(FrozenSet<string> paused) => Change(() =>
    {
        var before = _queues.Where(IsPaused).ToList();
        Volatile.Write(ref _paused, paused);
        return !before.SequenceEqual(_queues.Where(IsPaused));
    });

    /// <summary>True where nothing of the queue may be begun.</summary>
    public bool IsPaused(string queue) => Volatile.Read(ref _paused) is { Count: > 0 } paused && paused.Contains(TaskQueues.OriginOf(queue));

    /// <summary>Waits for the next delivery; null once the worker stops.</summary>
    /// <exception cref="TransportException">The broker is away or refuses; call again.</exception>
    public async ValueTask<Received?> ReceiveAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var source = _current;
            try
            {
                source = _current ??= await SubscribeAsync(stop).ConfigureAwait(false);
                if (source is null)
                {
                    continue;
                }
                return await source.ReceiveAsync().ConfigureAwait(false) is { } delivery ? new Received(delivery, source) : null;
            }
            catch (OperationCanceledException) when (source?.Changed.IsCancellationRequested is true && !stop.IsCancellationRequested)
            {
                await LeaveAsync(source).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return null;
            }
            catch (TransportRefusedException) when (source is not null)
            {
                // A queue is gone: subscribe anew. The old subscription keeps the lease of what still runs.
                await LeaveAsync(source).ConfigureAwait(false);
                throw;
            }
        }
        return null;
    }

    /// <summary>Stops receiving; what was received can still be settled.</summary>
    public async ValueTask CancelAsync()
    {
        foreach (var subscription in Live())
        {
            await subscription.RetireAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends all; what is not settled goes back.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in Live())
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<IntakeSubscription?> SubscribeAsync(CancellationToken stop)
    {
        var changed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        string[] names;
        int ahead;
        lock (_lock)
        {
            (_changed, names, ahead) = (changed, [.. _queues.Where(queue => !IsPaused(queue))], _prefetch);
        }
        if (names.Length == 0)
        {
            if (_queues.Length > 0)
            {
                Subscribed?.Invoke([.. _queues.Select(queue => $"{queue} (paused)")]);
            }
            await Task.Delay(Timeout.InfiniteTimeSpan, changed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            changed.Dispose();
            return null;
        }
        try
        {
            return Keep(new IntakeSubscription(await SubscribeAsync(names, ahead, stop).ConfigureAwait(false), changed), names);
        }
        catch
        {
            changed.Dispose();
            throw;
        }
    }

    private async ValueTask<ISubscription> SubscribeAsync(string[] names, int ahead, CancellationToken stop)
    {
        foreach (var queue in names)
        {
            client.Queues.Forget(queue);
            await client.Queues.EnsureAsync(queue, stop).ConfigureAwait(false);
        }
        return await client.Transport.SubscribeAsync(new SubscriptionOptions(names, ahead) { ConsumerName = node, TakenBack = TakenBack }, stop).ConfigureAwait(false);
    }

    private IntakeSubscription Keep(IntakeSubscription subscription, string[] names)
    {
        lock (_lock)
        {
            _subscriptions.RemoveAll(old => old.IsDisposed);
            _subscriptions.Add(subscription);
        }
        Subscribed?.Invoke(names);
        return subscription;
    }

    /// <summary>Told of the queues whenever a subscription has begun.</summary>
    public Action<IReadOnlyList<string>>? Subscribed { get; init; }

    /// <summary>Told when the broker has taken messages back: see <see cref="SubscriptionOptions.TakenBack"/>.</summary>
    public Action<long, string>? TakenBack { get; set; }

    private ValueTask LeaveAsync(IntakeSubscription source)
    {
        _current = null;
        return source.RetireAsync();
    }

    private bool Change(Func<bool> change)
    {
        CancellationTokenSource? changed;
        lock (_lock)
        {
            if (!change())
            {
                return false;
            }
            (changed, _changed) = (_changed, null);
        }
        try
        {
            // Not on this thread: what waits for a delivery goes on where it is told.
            _ = changed?.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // That subscription has ended by itself; the next one has the new queues.
        }
        return true;
    }

    private List<IntakeSubscription> Live()
    {
        lock (_lock)
        {
            return [.. _subscriptions.Where(subscription => !subscription.IsDisposed)];
        }
    }
}
