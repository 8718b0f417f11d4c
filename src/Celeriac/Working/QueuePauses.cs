using System.Collections.Frozen;
using Celeriac.Diagnostics;
using Celeriac.Messaging;
using Celeriac.SharedState;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>
/// Follows which queues are paused for all workers: one read of one value a second where the store tells of no changes. Of a paused queue nothing is fetched or begun; what was fetched goes back,
/// and what runs ends.
/// </summary>
internal sealed class QueuePauses(StateHome home, WorkerState worker, Func<AdmittedTask, CancellationToken, Task> giveBack, string node, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private FrozenSet<string> _paused = [];
    private bool _isAway;

    /// <summary>Reads what was paused before the worker began. A store that cannot be reached for long keeps nobody from working.</summary>
    public async Task CatchUpAsync(CancellationToken stop)
    {
        var started = time.GetTimestamp();
        while (home.Store is { } store && !stop.IsCancellationRequested && !await TryFollowAsync(store, stop).ConfigureAwait(false) && time.GetElapsedTime(started) < s_patience)
        {
            await Task.Delay(s_pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Follows until the token fires.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        long? seen = null;
        while (home.Store is { } store && !stop.IsCancellationRequested)
        {
            await FollowedState.PauseAsync(store, _isAway || _paused.Count > 0 ? null : seen, s_pause, time, stop).ConfigureAwait(false);
            if (!stop.IsCancellationRequested)
            {
                seen = store.Followed?.Version;
                await GiveBackAsync(stop).ConfigureAwait(false);
                await TryFollowAsync(store, stop).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> TryFollowAsync(IStateStore store, CancellationToken stop)
    {
        try
        {
            Apply((await PausedQueues.ReadAsync(store, stop).ConfigureAwait(false)).ToFrozenSet(StringComparer.Ordinal));
            _isAway = false;
            return true;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            if (!_isAway && !stop.IsCancellationRequested)
            {
                Log.PausesUnread(log, error, node);
            }
            _isAway = true;
            return false;
        }
    }

    private void Apply(FrozenSet<string> paused)
    {
        if (paused.SetEquals(_paused))
        {
            return;
        }
        var queues = worker.Intake.Queues;
        Tell(queues.Where(queue => paused.Contains(queue) && !_paused.Contains(queue)), Log.QueuesPaused);
        Tell(queues.Where(queue => !paused.Contains(queue) && _paused.Contains(queue)), Log.QueuesResumed);
        _paused = paused;
        worker.Intake.Hold(paused);
        worker.Suspects.Hold(paused);
    }

    private void Tell(IEnumerable<string> queues, Action<ILogger, string, string> tell)
    {
        if (string.Join(", ", queues) is { Length: > 0 } names)
        {
            tell(log, node, names);
        }
    }

    /// <summary>What waits here for a slot, a time or a limit. A second after the subscription has ended, or it would come again.</summary>
    private async ValueTask GiveBackAsync(CancellationToken stop)
    {
        if (_paused.Count == 0)
        {
            return;
        }
        foreach (var task in worker.InHand.At(TaskStage.Reserved).Concat(worker.InHand.At(TaskStage.Scheduled)).Where(task => worker.Intake.IsPaused(task.Delivery.Queue)).ToList())
        {
            await giveBack(task, stop).ConfigureAwait(false);
        }
    }
}
