using System.Globalization;

namespace Celeriac.Conformance;

/// <summary>Tasks of the suite with limits that all workers count together.</summary>
public static partial class LimitTasks
{
    /// <summary>True for a task that a worker without shared state refuses.</summary>
    public static bool NeedsState(TaskDefinition task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Options.RateLimitScope == LimitScope.Cluster || task.Options.ConcurrencyLimit > 0;
    }

    /// <summary>Four a second for each tenant; enters the tenant, when it ran, and its id.</summary>
    [Task("conformance.paced", RateLimit = "4/s", RateLimitScope = LimitScope.Cluster, RateLimitBy = ["tenantName"])]
    public static async Task<string> PacedAsync(string ledger, string tenantName, TaskContext context)
    {
        await LedgerTasks.AppendAsync(ledger, $"{tenantName} {TimeProvider.System.GetUtcNow().UtcTicks.ToString(CultureInfo.InvariantCulture)} {context.Id}");
        return tenantName;
    }

    /// <summary>One in ten seconds for each tenant.</summary>
    [Task("conformance.slow_pace", RateLimit = "6/m", RateLimitScope = LimitScope.Cluster, RateLimitBy = ["tenant"])]
    public static string SlowPace(string gate, string tenant)
    {
        ConformanceTasks.GateOf(gate).Enter();
        return tenant;
    }

    /// <summary>Two at once for each tenant, until their gate opens.</summary>
    [Task("conformance.narrow", ConcurrencyLimit = 2, ConcurrencyBy = ["gate"])]
    public static async Task<string> NarrowAsync(string gate, TaskContext context, CancellationToken cancellationToken)
    {
        ConformanceTasks.GateOf(gate).Enter();
        await ConformanceTasks.GateOf(gate).Opened.WaitAsync(cancellationToken);
        return context.Node;
    }

    /// <summary>Two at once; enters when it began and ended.</summary>
    [Task("conformance.narrow_ledger", ConcurrencyLimit = 2, ConcurrencyBy = ["ledger"])]
    public static async Task<string> NarrowLedgerAsync(string ledger, int milliseconds, TaskContext context)
    {
        var begun = TimeProvider.System.GetUtcNow().UtcTicks;
        await LedgerTasks.EnterAsync($"{ledger}-work", milliseconds, context);
        await LedgerTasks.AppendAsync(ledger, string.Create(CultureInfo.InvariantCulture, $"{begun} {TimeProvider.System.GetUtcNow().UtcTicks} {context.Node}"));
        return context.Id;
    }

    /// <summary>One at once; ends in the way it is told to.</summary>
    [Task("conformance.narrow_end", ConcurrencyLimit = 1, ConcurrencyBy = ["gate"], MaxRetries = 1)]
    public static int NarrowEnd(string gate, string how, TaskContext context)
    {
        ConformanceTasks.GateOf(gate).Enter();
        return StateTasks.End(how, context);
    }

    /// <summary>One at once; enters that it has begun, then waits until a file named after its node appears.</summary>
    [Task("conformance.narrow_relay", ConcurrencyLimit = 1, ConcurrencyBy = ["ledger"])]
    public static Task<string> NarrowRelayAsync(string ledger, TaskContext context, CancellationToken cancellationToken) => LedgerTasks.RelayAsync(ledger, context, cancellationToken);
}
