namespace Celeriac.Messaging.Stores;

/// <summary>
/// Pulls from a store: takes as many messages as its prefetch leaves free, hands them out one by one, and waits for a change where there are none.
/// Each subscription is a lease holder of its own.
/// </summary>
internal sealed class StoreSubscription : ISubscription
{
    // The net under the store's change notice.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(1);

    private readonly StoreTransport _transport;
    private readonly SubscriptionOptions _options;
    private readonly List<StoredQueue> _queues;
    private readonly Queue<Delivery> _fetched = new();
    private readonly SemaphoreSlim _receiving = new(1, 1);
    private readonly ChangeSignal _credit = new();
    private readonly CancellationTokenSource _cancelled = new();
    private readonly Func<int> _room;
    private CancellationTokenSource? _ending;
    private CancellationToken _endingOf;
    private long _holder;
    private int _outstanding;
    private int _turn;
    private bool _leaseLost;
    private bool _disposed;

    public StoreSubscription(StoreTransport transport, SubscriptionOptions options, List<StoredQueue> queues)
    {
        _transport = transport;
        _options = options;
        _queues = queues;
        _room = () => _options.Prefetch - Volatile.Read(ref _outstanding);
        ConsumerName = options.ConsumerName ?? $"{Environment.ProcessId}@{Environment.MachineName}";
    }

    public string ConsumerName { get; }

    public async ValueTask RegisterAsync(CancellationToken cancellationToken)
    {
        _holder = await _transport.Store.RegisterHolderAsync(ConsumerName, _transport.Lease, [.. _queues.Select(queue => queue.Id)], cancellationToken).ConfigureAwait(false);
        Volatile.Write(ref _leaseLost, false);
        _transport.Keeper.Add(_holder, this);
    }

    public async ValueTask<Delivery?> ReceiveAsync(CancellationToken cancellationToken = default)
    {
        await _receiving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_cancelled.IsCancellationRequested)
                {
                    return null;
                }
                if (_fetched.TryDequeue(out var delivery))
                {
                    return delivery;
                }
                cancellationToken.ThrowIfCancellationRequested();
                await FetchOrWaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _receiving.Release();
        }
    }

    public async ValueTask CancelAsync(CancellationToken cancellationToken = default)
    {
        await _cancelled.CancelAsync().ConfigureAwait(false);
        await _receiving.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The last one first: a store that puts what comes back in front has them in their order again.
            var untaken = _fetched.Reverse().Select(delivery => new Completion(delivery, Settlement.Requeue)).ToList();
            _fetched.Clear();
            await _transport.CompleteAsync(untaken, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _receiving.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }
        await CancelAsync().ConfigureAwait(false);
        _disposed = true;
        _ending?.Dispose();
        _transport.Keeper.Remove(_holder);
        await _transport.Store.ReleaseHolderAsync(_holder, CancellationToken.None).ConfigureAwait(false);
        _transport.Keeper.Forget(this);
        _transport.Forget(this);
    }

    public async ValueTask<Delivery?> GetOneAsync(StoredQueue queue, CancellationToken cancellationToken)
    {
        await RenewLeaseAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var answer = await TakeAsync([queue], 1, null, cancellationToken).ConfigureAwait(false);
            if (answer.Deliveries.Count > 0 || answer.Expired == 0)
            {
                return answer.Deliveries.Count > 0 ? answer.Deliveries[0] : null;
            }
        }
    }

    /// <summary>One delivery is settled, or about to be: there is room for another.</summary>
    public void MakeRoom()
    {
        Interlocked.Decrement(ref _outstanding);
        _credit.Pulse();
    }

    /// <summary>Others have taken this holder's messages back. The next fetch registers anew; completions of the old claims will be answered Lost.</summary>
    public void LeaseLost(long holder)
    {
        if (holder == Volatile.Read(ref _holder))
        {
            Volatile.Write(ref _leaseLost, true);
        }
    }

    private async ValueTask FetchOrWaitAsync(CancellationToken cancellationToken)
    {
        var ending = EndingOf(cancellationToken);
        try
        {
            await RenewLeaseAsync(ending).ConfigureAwait(false);
            var creditSeen = _credit.Version;
            var credit = _options.Prefetch - Volatile.Read(ref _outstanding);
            if (credit <= 0)
            {
                await _credit.WaitAsync(creditSeen, Timeout.InfiniteTimeSpan, _transport.Time, ending).ConfigureAwait(false);
                // What was settled in one commit is told one by one: behind all of it, so that one fetch has room for as many.
                await Task.Yield();
                return;
            }
            var changesSeen = _transport.Store.Changes;
            var answer = await TakeAsync(InTurn(), credit, _room, ending).ConfigureAwait(false);
            foreach (var delivery in answer.Deliveries)
            {
                _fetched.Enqueue(delivery);
            }
            if (answer.Deliveries.Count == 0 && answer.Expired == 0)
            {
                await _transport.Store.WaitForChangeAsync(changesSeen, UntilDue(answer.NextDue), ending).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_cancelled.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Cancelled, not given up by the caller: ReceiveAsync answers null.
        }
    }

    /// <summary>Fires with the caller's token or the end of the subscription. Callers give the same token again and again; one receives at a time.</summary>
    private CancellationToken EndingOf(CancellationToken cancellationToken)
    {
        if (_ending is null || _endingOf != cancellationToken)
        {
            _ending?.Dispose();
            _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancelled.Token);
            _endingOf = cancellationToken;
        }
        return _ending.Token;
    }

    private async ValueTask<(List<Delivery> Deliveries, int Expired, long NextDue)> TakeAsync(List<StoredQueue> queues, int atMost, Func<int>? room, CancellationToken cancellationToken)
    {
        var now = _transport.Now;
        var request = new TakeRequest(_holder, [.. queues.Select(queue => queue.Id)], atMost, now) { Room = room };
        var answer = await _transport.Store.TakeAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.UnknownQueue is { } gone)
        {
            throw new TransportRefusedException($"Queue '{queues.First(queue => queue.Id == gone).Declaration.Name}' was deleted while it was consumed. Declare it and subscribe again.");
        }
        var deliveries = new List<Delivery>(answer.Messages.Count);
        List<TakenMessage>? expired = null;
        foreach (var message in answer.Messages)
        {
            if (message.ExpiresAt > 0 && message.ExpiresAt <= now)
            {
                (expired ??= []).Add(message);
            }
            else
            {
                deliveries.Add(DeliveryOf(message, queues));
            }
        }
        if (expired is not null)
        {
            await _transport.Commits.EndExpiredAsync(expired, CancellationToken.None).ConfigureAwait(false);
        }
        Interlocked.Add(ref _outstanding, deliveries.Count);
        return (deliveries, expired?.Count ?? 0, answer.NextDue);
    }

    private Delivery DeliveryOf(TakenMessage taken, List<StoredQueue> queues) =>
        new(_transport, taken.Message, NameOf(taken.QueueId, queues), taken.Claim)
        {
            Exchange = taken.Exchange,
            RoutingKey = taken.RoutingKey,
            Redelivered = taken.Redelivered,
            Deaths = taken.Deaths,
        };

    private static string NameOf(long queueId, List<StoredQueue> queues)
    {
        var index = 0;
        while (queues[index].Id != queueId)
        {
            index++;
        }
        return queues[index].Declaration.Name;
    }

    /// <summary>The queues, beginning with another one at each fetch, so that a full one cannot starve the others.</summary>
    private List<StoredQueue> InTurn()
    {
        if (_queues.Count == 1)
        {
            return _queues;
        }
        _turn = (_turn + 1) % _queues.Count;
        return [.. _queues.Skip(_turn), .. _queues.Take(_turn)];
    }

    private TimeSpan UntilDue(long nextDue)
    {
        if (nextDue == 0)
        {
            return s_longestWait;
        }
        var wait = TimeSpan.FromMilliseconds(Math.Max(1, nextDue - _transport.Now));
        return wait < s_longestWait ? wait : s_longestWait;
    }

    private async ValueTask RenewLeaseAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _leaseLost))
        {
            await RegisterAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
