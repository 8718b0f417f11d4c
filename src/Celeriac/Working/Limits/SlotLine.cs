using Celeriac.SharedState;

namespace Celeriac.Working.Limits;

/// <summary>
/// Those of this worker that want a place under one concurrency limit, in order, and the places that come back. What comes together is one write. While
/// somebody waits the table is looked at twice a second, because places come free in other processes too; one that comes free here is handed on at once.
/// </summary>
internal sealed class SlotLine(StateReach state, SlotOwner owner, UnderWay work, string key, int limit, TimeProvider time, CancellationToken stop)
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private readonly List<Waiter> _waiting = [];
    private readonly HashSet<string> _released = [];
    private readonly HashSet<string> _dead = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isServed;

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>A place; null where there is none within the patience.</summary>
    /// <param name="patience">How long to wait; zero for one look, as long as the store answers.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<string?> TakeAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(patience == TimeSpan.Zero);
        lock (_lock)
        {
            _waiting.Add(waiter);
            Wake();
        }
        try
        {
            return await waiter.Place.Task.WaitAsync(waiter.IsOnce ? s_longestLook : patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                _waiting.Remove(waiter);
            }
            return waiter.Place.TrySetResult(null) ? null : await waiter.Place.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Gives a place back. Of one that was taken away meanwhile nothing happens.</summary>
    public void Release(string place)
    {
        owner.Released();
        lock (_lock)
        {
            _released.Add(place);
            Wake();
        }
    }

    private void Wake()
    {
        _news.TrySetResult();
        if (!_isServed)
        {
            _isServed = true;
            work.Start(ServeAsync);
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            Waiter[] waiting;
            string[] released;
            Task news;
            lock (_lock)
            {
                if (stop.IsCancellationRequested || _waiting.Count + _released.Count == 0)
                {
                    _isServed = false;
                    return;
                }
                (waiting, released) = ([.. _waiting], [.. _released]);
                _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
                news = _news.Task;
            }
            if (await TryServeAsync(waiting, released).ConfigureAwait(false))
            {
                await Task.WhenAny(news, Task.Delay(s_lookEvery, time, stop)).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One look and one write. True where all places are taken and somebody waits.</summary>
    private async Task<bool> TryServeAsync(Waiter[] waiting, string[] released)
    {
        // The same places for every try: the answer to a write that was made may have been lost.
        var change = new SlotChange(owner.Key, limit, owner.Lease) { Wanted = [.. waiting.Take(limit).Select(_ => owner.NewPlace())], Released = released, Dead = [.. _dead] };
        SlotAnswer answer;
        try
        {
            answer = await state.UntilAnsweredAsync((updates, token) => SlotTable.ChangeAsync(updates, key, change, token), stop).ConfigureAwait(false);
            _dead.Clear();
            if (answer.Taken.Count < change.Wanted.Count)
            {
                var others = answer.Owners.Where(other => other != owner.Key);
                _dead.UnionWith(await state.UntilAnsweredAsync((updates, token) => SlotTable.FindDeadAsync(updates, others, token), stop).ConfigureAwait(false));
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            return false;
        }
        HandOut(waiting, answer.Taken, released);
        return _dead.Count == 0 && answer.Taken.Count < waiting.Length;
    }

    private void HandOut(Waiter[] waiting, IReadOnlyList<string> taken, string[] released)
    {
        lock (_lock)
        {
            _released.ExceptWith(released);
            var next = 0;
            foreach (var place in taken)
            {
                while (next < waiting.Length && !TryHand(waiting[next], place))
                {
                    next++;
                }
                if (next++ >= waiting.Length)
                {
                    _released.Add(place);
                }
            }
            if (_dead.Count > 0)
            {
                return;
            }
            foreach (var waiter in waiting.Skip(next).Where(waiter => waiter.IsOnce && waiter.Place.TrySetResult(null)))
            {
                _waiting.Remove(waiter);
            }
        }
    }

    private bool TryHand(Waiter waiter, string place)
    {
        _waiting.Remove(waiter);
        // Before the waiter can give it back.
        owner.Took();
        if (waiter.Place.TrySetResult(place))
        {
            return true;
        }
        owner.Released();
        return false;
    }

    private sealed class Waiter(bool isOnce)
    {
        public bool IsOnce { get; } = isOnce;

        public TaskCompletionSource<string?> Place { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
