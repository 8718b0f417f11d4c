using Celeriac.Diagnostics;
using Celeriac.Filters;
using Celeriac.Protocol;
using Celeriac.Working.Processes;
using Microsoft.Extensions.Logging;

namespace Celeriac.Working;

/// <summary>Makes the pool that a worker's options ask for, and serves one where this process is a child of it.</summary>
internal sealed class TaskPools(TaskClient client, IServiceProvider? services, WorkerOptions options, string node, TimeProvider time, ILogger log)
{
    /// <exception cref="InvalidOperationException">It cannot be told how to start this program again.</exception>
    public ITaskPool Create(ITaskOperations operations, SynchronousThreads threads, TaskFilters filters, StuckRuns stuck)
    {
        if (options.Pool is WorkerPool.Processes)
        {
            var starting = new ChildStart(ChildCommand.OfThisProcess(), node, time);
            return new ProcessPool(new ChildSupply(starting, new ChildEars(operations, log), node, time, log), options, node, time, log);
        }
        if (options.MaxTasksPerChild > 0 || options.MaxMemoryPerChild > 0)
        {
            Log.ChildLimitsIdle(log, WorkerPoolNames.NameOf(options.Pool));
        }
        return new InProcessPool(new TaskRunner(client, services, operations, threads, node, time, log) { Filters = filters, RetryAfter = options.RetryAfter, Stuck = stuck });
    }

    /// <summary>Where this process is a child of the worker's pool: serves it until it hangs up, and answers true. Then the program is to end.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The worker is gone already.</exception>
    public async Task<bool> ServeAsync(TaskRuntimes tasks, DecodeLimits limits, TaskFilters filters)
    {
        if (ChildMarker.Take(node) is not { } address)
        {
            return false;
        }
        using var threads = new SynchronousThreads(limit: 1);
        using var child = new ChildProgram(client, tasks, limits, RunnerWith, log);
        await child.RunAsync(address).ConfigureAwait(false);
        return true;

        TaskRunner RunnerWith(ITaskOperations operations) => new(client, services, operations, threads, node, time, log)
        {
            KeepsHardLimit = false,
            Filters = filters,
            RetryAfter = options.RetryAfter,
        };
    }
}
