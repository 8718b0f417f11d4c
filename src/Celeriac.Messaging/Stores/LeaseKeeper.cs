using System.Collections.Concurrent;
using Celeriac.Messaging.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Messaging.Stores;

/// <summary>
/// Keeps this process's leases alive and takes back those of dead or frozen holders. It has a thread of its own, because a pool
/// full of blocking tasks must not cost a live worker its messages.
/// </summary>
internal sealed class LeaseKeeper(
    IQueueStore store, TimeSpan lease, TimeProvider time, ILogger log, RoutedCommits commits) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, StoreSubscription> _owners = new();
    private readonly ConcurrentDictionary<long, bool> _live = new();
    private readonly Dictionary<long, Observation> _observed = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _sweep = Task.CompletedTask;
    private bool _started;
    private bool _isAway;

    /// <summary>A holder of this process that is alive, or null.</summary>
    public long? AnyHolder => _live.Keys.Cast<long?>().FirstOrDefault();

    public void Start()
    {
        _started = true;
        // Background: a process that is about to end must not wait for its own beat.
        new Thread(Run) { IsBackground = true, Name = "celeriac lease keeper" }.Start();
    }

    public void Add(long holder, StoreSubscription owner)
    {
        _owners[holder] = owner;
        _live[holder] = true;
    }

    public void Remove(long holder) => _live.TryRemove(holder, out _);

    public void Forget(StoreSubscription owner)
    {
        foreach (var (holder, _) in _owners.Where(pair => pair.Value == owner))
        {
            _owners.TryRemove(holder, out _);
            _live.TryRemove(holder, out _);
        }
    }

    /// <summary>The subscription that claimed with a holder, also after the holder was lost.</summary>
    public StoreSubscription? OwnerOf(long holder) => _owners.GetValueOrDefault(holder);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _stop.Set();
        if (_started)
        {
            await _ended.Task.ConfigureAwait(false);
        }
        await _sweep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        // Four beats a lease: one lost turn at a busy store does not cost the lease.
        var interval = lease / 4;
        var last = time.GetTimestamp();
        var sinceSweep = store.SweepInterval;
        while (!_stop.Wait(interval))
        {
            var elapsed = time.GetElapsedTime(last);
            last = time.GetTimestamp();
            // A thread that was itself frozen has seen nothing meanwhile: only time spent watching counts against others.
            var watched = elapsed < interval * 2 ? elapsed : interval * 2;
            try
            {
                Beat();
                Reclaim(watched);
                NoteBack();
                sinceSweep += elapsed;
                if (sinceSweep >= store.SweepInterval)
                {
                    sinceSweep = TimeSpan.Zero;
                    Sweep();
                }
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // The next turn tries again; if the store stays away the lease runs out, as it must.
                NoteAway(error);
            }
        }
        _ended.SetResult();
    }

    // Once for each time that the store is away, however many turns that takes.
    private void NoteAway(Exception error)
    {
        if (!_isAway)
        {
            Log.LeaseTurnFailed(log, error.Message, error is TransportException ? null : error);
        }
        _isAway = true;
    }

    private void NoteBack()
    {
        if (_isAway)
        {
            Log.LeasesKeptAgain(log);
        }
        _isAway = false;
    }

    private void Beat()
    {
        var live = _live.Keys.ToArray();
        if (live.Length == 0)
        {
            return;
        }
        foreach (var lost in store.Beat(live, time.GetUtcNow().ToUnixTimeMilliseconds()))
        {
            if (_live.TryRemove(lost, out _) && _owners.TryGetValue(lost, out var owner))
            {
                Log.LeaseLost(log, owner.ConsumerName, lost);
                owner.LeaseLost(lost);
            }
        }
    }

    private void Reclaim(TimeSpan watched)
    {
        var dead = new List<HolderBeat>();
        var beats = store.ReadBeats();
        foreach (var beat in beats)
        {
            if (_live.ContainsKey(beat.Holder))
            {
                continue;
            }
            var age = _observed.TryGetValue(beat.Holder, out var seen) && seen.Beat == beat.Beat ? seen.Age + watched : TimeSpan.Zero;
            _observed[beat.Holder] = new Observation(beat.Beat, age);
            if (age >= beat.Lease)
            {
                dead.Add(beat);
            }
        }
        foreach (var gone in _observed.Keys.Except(beats.Select(beat => beat.Holder)).ToArray())
        {
            _observed.Remove(gone);
        }
        if (dead.Count > 0)
        {
            var messages = store.Reclaim(dead);
            Log.Reclaimed(log, messages, string.Join(", ", dead.Select(holder => holder.Name)));
        }
    }

    private void Sweep()
    {
        store.Sweep(time.GetUtcNow().ToUnixTimeMilliseconds());
        if (_sweep.IsCompleted)
        {
            if (_sweep.Exception is { } error && !_stopping.IsCancellationRequested)
            {
                Log.LeaseTurnFailed(log, error.Message, error.InnerException is TransportException ? null : error);
            }
            _sweep = Task.Run(() => commits.SweepExpiredAsync(AnyHolder, _stopping.Token));
        }
    }

    private readonly record struct Observation(long Beat, TimeSpan Age);
}
