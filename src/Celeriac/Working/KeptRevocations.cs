using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// A worker's revocations and those in shared state: it reads them before it consumes, follows them, and adds what it is told by remote control, also by
/// Python, unless another worker has done so.
/// </summary>
internal sealed class KeptRevocations(StateHome home, Revocations revocations, string node, TimeProvider time, ILogger log) : IDisposable
{
    // Who was away reads at most so many entries of the past: what a worker remembers is bounded anyway.
    private const int MostEntries = 50_000;
    private const int MostRecent = 2_000;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly RevocationLog? _log = home.Store is { } store ? new RevocationLog(store) : null;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly HashSet<string> _recent = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private LogEnd _seen;
    private bool _isAway;

    /// <summary>Reads what was revoked while the worker was away. A store that cannot be reached for long keeps nobody from working.</summary>
    public async Task CatchUpAsync(CancellationToken stop)
    {
        var started = time.GetTimestamp();
        while (_log is not null && !stop.IsCancellationRequested && !await TryFollowAsync(stop).ConfigureAwait(false) && time.GetElapsedTime(started) < s_patience)
        {
            await Task.Delay(s_pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Follows the log until the token fires: one read of one value a second where the store tells of no changes.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        long? seen = null;
        while (_log is not null && !stop.IsCancellationRequested)
        {
            await FollowedState.PauseAsync(home.Store!, _isAway ? null : seen, s_pause, time, stop).ConfigureAwait(false);
            if (!stop.IsCancellationRequested)
            {
                seen = home.Store!.Followed?.Version;
                await TryFollowAsync(stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Counts at once, and keeps it for those that are away.</summary>
    /// <param name="tasks">What was taken back.</param>
    /// <param name="isForAll">False where only some workers were told: then it is not kept for the others.</param>
    public async ValueTask AddAsync(RevokedTasks tasks, bool isForAll)
    {
        Remember(tasks, TimeSpan.Zero);
        if (_log is null || !isForAll)
        {
            return;
        }
        using var patience = new CancellationTokenSource(s_patience, time);
        try
        {
            foreach (var part in tasks.InParts())
            {
                await KeepAsync(part, patience.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is TransportException or OperationCanceledException)
        {
            Log.RevocationNotKept(log, error, node);
        }
    }

    public void Dispose() => _turn.Dispose();

    private async ValueTask KeepAsync(RevokedTasks tasks, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                // Every worker has heard the same command: the first one that gets here keeps it, and the others see that it is kept.
                await FollowAsync(cancellationToken).ConfigureAwait(false);
                var missing = new RevokedTasks([.. tasks.Ids.Where(id => !_recent.Contains(id))], [.. tasks.Stamps.Where(stamp => !_recent.Contains(NameOf(stamp)))]);
                if (missing.IsEmpty || await _log!.TryAppendAsync(_seen, missing, cancellationToken).ConfigureAwait(false) is not null)
                {
                    return;
                }
                await Task.Delay(TimeSpan.FromMilliseconds(20) * Random.Shared.NextDouble(), time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> TryFollowAsync(CancellationToken stop)
    {
        try
        {
            await _turn.WaitAsync(stop).ConfigureAwait(false);
            try
            {
                await FollowAsync(stop).ConfigureAwait(false);
                _isAway = false;
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            if (!_isAway)
            {
                Log.RevocationsUnread(log, error, node);
            }
            _isAway = true;
            return false;
        }
        return true;
    }

    private async ValueTask FollowAsync(CancellationToken cancellationToken)
    {
        var end = await _log!.EndAsync(cancellationToken).ConfigureAwait(false);
        if (end == _seen)
        {
            return;
        }
        // A store that was emptied counts anew.
        var from = end.Number < _seen.Number ? 0 : _seen.Number;
        await foreach (var (tasks, age) in _log.ReadAsync(Math.Max(from, end.Number - MostEntries), cancellationToken).ConfigureAwait(false))
        {
            Remember(tasks, age);
            foreach (var name in tasks.Ids.Concat(tasks.Stamps.Select(NameOf)).Where(_recent.Add))
            {
                _order.Enqueue(name);
            }
            while (_order.Count > MostRecent)
            {
                _recent.Remove(_order.Dequeue());
            }
        }
        _seen = end;
    }

    private void Remember(RevokedTasks tasks, TimeSpan age)
    {
        revocations.Add(tasks.Ids, age);
        foreach (var stamp in tasks.Stamps)
        {
            revocations.AddStamps(stamp.Key, [stamp.Value]);
        }
    }

    private static string NameOf(KeyValuePair<string, string> stamp) => $"{stamp.Key}\0{stamp.Value}";
}
