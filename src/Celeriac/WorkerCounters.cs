using System.Collections.Frozen;

namespace Celeriac;

/// <summary>
/// What a worker has done since it was made, and what it holds now. Reading it costs the worker nothing: no lock is taken, so that numbers read one after
/// another may belong to different moments.
/// </summary>
public sealed class WorkerCounters
{
    private readonly Func<(int InHand, int Running, int Scheduled)> _now;
    private readonly TaskCounters _others;

    internal WorkerCounters(FrozenDictionary<string, TaskCounters> tasks, TaskCounters others, Func<(int InHand, int Running, int Scheduled)> now) =>
        (Tasks, _others, _now) = (tasks, others, now);

    /// <summary>The same for each task that the worker knows, by name.</summary>
    public IReadOnlyDictionary<string, TaskCounters> Tasks { get; }

    /// <inheritdoc cref="TaskCounters.Received"/>
    public long Received => Sum(task => task.Received);

    /// <inheritdoc cref="TaskCounters.Started"/>
    public long Started => Sum(task => task.Started);

    /// <inheritdoc cref="TaskCounters.Succeeded"/>
    public long Succeeded => Sum(task => task.Succeeded);

    /// <inheritdoc cref="TaskCounters.Failed"/>
    public long Failed => Sum(task => task.Failed);

    /// <inheritdoc cref="TaskCounters.Retried"/>
    public long Retried => Sum(task => task.Retried);

    /// <inheritdoc cref="TaskCounters.Revoked"/>
    public long Revoked => Sum(task => task.Revoked);

    /// <summary>Messages that were put aside, those among them that could not be read or whose task is unknown here.</summary>
    public long Quarantined => Sum(task => task.Quarantined);

    /// <inheritdoc cref="TaskCounters.Lost"/>
    public long Lost => Sum(task => task.Lost);

    /// <summary>Messages that the worker holds now: running, reserved and scheduled.</summary>
    public int InHand => _now().InHand;

    /// <summary>Tasks that run now.</summary>
    public int Running => _now().Running;

    /// <summary>Tasks that wait now for a free slot or their rate limit.</summary>
    public int Reserved => _now() is var (inHand, running, scheduled) ? Math.Max(0, inHand - running - scheduled) : 0;

    /// <summary>Tasks that wait now, here in the worker, for their time.</summary>
    public int Scheduled => _now().Scheduled;

    private long Sum(Func<TaskCounters, long> number) => Tasks.Values.Sum(number) + number(_others);
}
