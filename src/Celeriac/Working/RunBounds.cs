namespace Celeriac.Working;

/// <summary>What bounds the runs of a worker while it works: made once, and carried to each run.</summary>
/// <param name="Pool">Where tasks run.</param>
/// <param name="Alone">What lets suspects run alone.</param>
/// <param name="CancelTasks">Fires when the worker no longer waits for its tasks.</param>
/// <param name="GiveUp">Fires when outcomes are no longer applied.</param>
/// <param name="Stop">Fires when nothing is begun any more.</param>
internal sealed record RunBounds(ITaskPool Pool, AloneGate Alone, CancellationToken CancelTasks, CancellationToken GiveUp, CancellationToken Stop);
