using System.Collections.Concurrent;
using Celeriac.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>A run that was to end and has not.</summary>
/// <param name="Id">The task's id.</param>
/// <param name="Name">The task's name.</param>
/// <param name="Why">What should have ended it.</param>
/// <param name="Since">Since when it should be over, in <see cref="TimeProvider.GetTimestamp"/>'s measure.</param>
internal sealed record StuckRun(string Id, string Name, string Why, long Since);

/// <summary>
/// Runs whose code does not heed its token: abandoned at the hard limit, or asked to end by remote control. In the worker's own process nothing can stop
/// them, so that an operator has to be told: they hold a thread or memory, and only a restart frees it.
/// </summary>
internal sealed class StuckRuns(string node, TimeProvider time, ILogger log)
{
    /// <summary>So long a run may take to end after it was asked to.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<object, StuckRun> _runs = new(ReferenceEqualityComparer.Instance);

    /// <summary>Those that run now.</summary>
    public IReadOnlyCollection<StuckRun> Runs => [.. _runs.Values.OrderBy(run => run.Since)];

    /// <summary>The worker no longer waits for a run.</summary>
    public void Abandoned(AdmittedTask task, Task run)
    {
        Add(run, task, "passed its hard time limit");
        _ = run.ContinueWith(late => Returned(late), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>A run was asked to end: in a while somebody looks whether it has.</summary>
    public async Task AskedAsync(AdmittedTask task)
    {
        await Task.Delay(Patience, time).ConfigureAwait(false);
        if (task.Stage != TaskStage.Active || !task.IsRunning)
        {
            return;
        }
        var since = Add(task, task, $"was asked to end ({task.TerminatedBy})");
        Log.RunStuck(log, task.Request.Task, task.Request.Id, node, since.Why, Patience);
        task.Hold(() => Returned(task));
    }

    private StuckRun Add(object key, AdmittedTask task, string why) => _runs[key] = new StuckRun(task.Request.Id, task.Request.Task, why, time.GetTimestamp());

    private void Returned(object key)
    {
        if (_runs.TryRemove(key, out var run))
        {
            Log.StuckRunReturned(log, run.Name, run.Id, node, run.Why, time.GetElapsedTime(run.Since));
        }
    }
}
