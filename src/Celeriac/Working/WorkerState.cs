using Celeriac.Events;
using Celeriac.Working.Life;

namespace Celeriac.Working;

/// <summary>What remote control and events may see and change of a worker.</summary>
internal sealed class WorkerState(TaskRuntimes tasks, Intake intake, TimeProvider time)
{
    /// <summary>The tasks that run here, with their limits and counts.</summary>
    public TaskRuntimes Tasks { get; } = tasks;

    /// <summary>The queues and the prefetch.</summary>
    public Intake Intake { get; } = intake;

    /// <summary>The queues of suspects, of which one message at a time is fetched.</summary>
    public required Intake Suspects { get; init; }

    /// <summary>What the worker holds now.</summary>
    public TasksInHand InHand { get; } = new();

    /// <summary>What it tells the fleet.</summary>
    public required WorkerEvents Events { get; init; }

    /// <summary>What was taken back.</summary>
    public Revocations Revocations { get; init; } = new(time);

    /// <summary>The same with what is kept of it in shared state.</summary>
    public required KeptRevocations Kept { get; init; }

    /// <summary>What it has put into quarantine, and the bounds of that.</summary>
    public required QuarantineKeeper Aside { get; init; }

    /// <summary>Which queues are paused for all workers.</summary>
    public QueuePauses? Pauses { get; set; }

    /// <summary>Runs that do not end when they should.</summary>
    public required StuckRuns Stuck { get; init; }

    /// <summary>When the worker was made.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>Where runs happen; null before the worker works.</summary>
    public ITaskPool? Pool { get; set; }

    /// <summary>The size that follows the work; null where it is fixed.</summary>
    public Autoscaler? Autoscaler { get; set; }

    /// <summary>The runners; null before the worker works.</summary>
    public RunnerPool? Runners { get; set; }
}
