namespace Celeriac.Conformance;

/// <summary>Tasks of the suite that use shared state.</summary>
public static partial class StateTasks
{
    /// <summary>At most one of a gate waits or runs.</summary>
    [Task("conformance.unique", Unique = UniqueUntil.Finished, UniqueFor = 60, UniqueBy = ["gate"])]
    public static async Task<int> UniqueAsync(string gate, int number, CancellationToken cancellationToken)
    {
        ConformanceTasks.GateOf(gate).Enter();
        await ConformanceTasks.GateOf(gate).Opened.WaitAsync(cancellationToken);
        return number;
    }

    /// <summary>At most one of the same arguments waits in the queue.</summary>
    [Task("conformance.unique_in_queue", Unique = UniqueUntil.Started, UniqueFor = 60)]
    public static async Task<string> UniqueInQueueAsync(string gate, Dictionary<string, int> rest)
    {
        ConformanceTasks.GateOf(gate).Enter();
        await ConformanceTasks.GateOf(gate).Opened;
        return $"{rest.Count}";
    }

    /// <summary>Ends in the way it is told to.</summary>
    [Task("conformance.unique_end", Unique = UniqueUntil.Finished, UniqueFor = 60, UniqueBy = ["gate"], MaxRetries = 1)]
    public static int UniqueEnd(string gate, string how, TaskContext context)
    {
        ConformanceTasks.GateOf(gate).Enter();
        return End(how, context);
    }

    /// <summary>Waits for a long retry at its first run.</summary>
    [Task("conformance.unique_retry", Unique = UniqueUntil.Finished, UniqueFor = 1, UniqueBy = ["gate"])]
    public static int UniqueRetry(string gate, double delaySeconds, TaskContext context)
    {
        ConformanceTasks.GateOf(gate).Enter();
        return context.Retries > 0 ? context.Retries : throw context.Retry(new TimeoutException("later"), TimeSpan.FromSeconds(delaySeconds));
    }

    /// <summary>Goes one step further at each run and tells where it began.</summary>
    [Task("conformance.checkpointed", MaxRetries = 5)]
    public static async Task<string> StepsAsync(int steps, TaskContext context)
    {
        var before = await context.ReadCheckpointAsync<string>();
        var now = $"{before}{context.Retries}";
        await context.SaveCheckpointAsync($"{now},");
        return context.Retries + 1 >= steps ? now : throw context.Retry(new TimeoutException("step"), TimeSpan.FromMilliseconds(10));
    }

    /// <summary>Saves where it is, then waits for its gate or its token.</summary>
    [Task("conformance.resumed")]
    public static async Task<string> ResumedAsync(string gate, TaskContext context, CancellationToken cancellationToken)
    {
        var before = await context.ReadCheckpointAsync<string>(cancellationToken) ?? "new";
        await context.SaveCheckpointAsync($"after {context.Node}", cancellationToken);
        ConformanceTasks.GateOf(gate).Enter();
        await ConformanceTasks.GateOf(gate).Opened.WaitAsync(cancellationToken);
        return before;
    }

    /// <summary>Saves more than a checkpoint may have.</summary>
    [Task("conformance.large_checkpoint")]
    public static async Task LargeCheckpointAsync(int length, TaskContext context) => await context.SaveCheckpointAsync(new string('x', length));

    /// <summary>Ends a run in the way it is told to, or answers how many retries came before.</summary>
    internal static int End(string how, TaskContext context) => how switch
    {
        "fail" => throw new InvalidOperationException("no luck"),
        "ignore" => throw new TaskIgnoreException(),
        "reject" => throw new TaskRejectException("not mine"),
        "retry" => throw context.Retry(new TimeoutException("again"), TimeSpan.FromMilliseconds(10)),
        _ => context.Retries,
    };
}
