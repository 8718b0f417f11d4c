using Celeriac.Working;
using Microsoft.Extensions.Logging;

namespace Celeriac.Control;

/// <summary>What remote control works on.</summary>
internal sealed record ControlledWorker(string Node, WorkerState State, TaskClient Client, WorkerOptions Options, CeleriacOptions Shared)
{
    /// <summary>Stops the worker gracefully.</summary>
    public required Action Shutdown { get; init; }

    public required IServiceProvider? Services { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }
}
