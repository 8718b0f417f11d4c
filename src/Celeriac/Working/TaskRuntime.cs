namespace Celeriac.Working;

/// <summary>The limits of a task's runs; what a message asks for itself wins.</summary>
internal sealed record RunLimits(TimeSpan? Hard, TimeSpan? Soft);

/// <summary>One registered task as this worker runs it: its declaration, and what remote control has changed of it since.</summary>
internal sealed class TaskRuntime
{
    private RunLimits _limits;

    public TaskRuntime(TaskDefinition definition, RateGate gate)
    {
        Definition = definition;
        Gate = gate;
        _limits = new RunLimits(definition.Options.TimeLimit, definition.Options.SoftTimeLimit);
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
