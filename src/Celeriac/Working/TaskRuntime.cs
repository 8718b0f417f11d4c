namespace Celeriac.Working;

/// <summary>The limits of a task's runs; what a message asks for itself wins.</summary>
internal sealed record RunLimits(TimeSpan? Hard, TimeSpan? Soft)
{
    /// <summary>Those of the worker's tasks that declare none.</summary>
    public static RunLimits Of(WorkerOptions options) => new(Given(options.TimeLimit), Given(options.SoftTimeLimit));

    private static TimeSpan? Given(TimeSpan limit) => limit > TimeSpan.Zero ? limit : null;
}

/// <summary>One registered task as this worker runs it: its declaration, and what remote control has changed of it since.</summary>
internal sealed class TaskRuntime
{
    private RunLimits _limits;

    public TaskRuntime(TaskDefinition definition, RateGate gate, RunLimits? ordinary = null)
    {
        Definition = definition;
        Gate = gate;
        _limits = new RunLimits(definition.Options.TimeLimit ?? ordinary?.Hard, definition.Options.SoftTimeLimit ?? ordinary?.Soft);
    }

    public TaskDefinition Definition { get; }

    /// <summary>What holds runs back that would come too fast.</summary>
    public RateGate Gate { get; }

    public RunLimits Limits
    {
        get => Volatile.Read(ref _limits);
        set => Volatile.Write(ref _limits, value);
    }

    /// <summary>How many runs have begun.</summary>
    public long Started => Counters.Started;

    /// <summary>What has become of its messages.</summary>
    public TaskCounters Counters { get; } = new();
}
