namespace Celeriac;

/// <summary>What events have told of one task: a snapshot that does not change.</summary>
public sealed record ClusterTask
{
    /// <summary>The task's id.</summary>
    public required string Id { get; init; }
    /// <summary>The name; null while only later events than <c>task-received</c> have come.</summary>
    public string? Name { get; init; }
    /// <summary>The state: one of <see cref="TaskStates"/>, or for an event of a program's own its name in capitals.</summary>
    public string State { get; init; } = TaskStates.Pending;
    /// <summary>When that state began, by the sender's clock.</summary>
    public DateTimeOffset Timestamp { get; init; }
    /// <summary>The logical time of that state.</summary>
    public long Clock { get; init; }

    /// <summary>When the client sent it; told only where clients send events.</summary>
    public DateTimeOffset? Sent { get; init; }
    /// <summary>When a worker last received it.</summary>
    public DateTimeOffset? Received { get; init; }
    /// <summary>When its last run began.</summary>
    public DateTimeOffset? Started { get; init; }
    /// <summary>When it returned its result.</summary>
    public DateTimeOffset? Succeeded { get; init; }
    /// <summary>When it failed for good.</summary>
    public DateTimeOffset? Failed { get; init; }
    /// <summary>When it last asked for another run.</summary>
    public DateTimeOffset? Retried { get; init; }
    /// <summary>When it was taken back, or found expired.</summary>
    public DateTimeOffset? Revoked { get; init; }
    /// <summary>When it refused its message.</summary>
    public DateTimeOffset? Rejected { get; init; }

    /// <summary>The positional arguments as a Python tuple, shortened.</summary>
    public string? Args { get; init; }
    /// <summary>The keyword arguments as a Python dictionary, shortened.</summary>
    public string? Kwargs { get; init; }
    /// <summary>Not before this time, as the sender wrote it.</summary>
    public string? Eta { get; init; }
    /// <summary>Not after this time, as the sender wrote it.</summary>
    public string? Expires { get; init; }
    /// <summary>How many retries came before.</summary>
    public int Retries { get; init; }
    /// <summary>The result as a Python value, shortened.</summary>
    public string? Result { get; init; }
    /// <summary>The exception as Python shows it, for example <c>ValueError('boom')</c>.</summary>
    public string? Exception { get; init; }
    /// <summary>Where it failed.</summary>
    public string? Traceback { get; init; }
    /// <summary>How long the run took.</summary>
    public TimeSpan? Runtime { get; init; }

    /// <summary>The worker that has or had it.</summary>
    public string? Worker { get; init; }
    /// <summary>The client that sent it; told only where clients send events.</summary>
    public string? Client { get; init; }
    /// <summary>The queue; told only where clients send events.</summary>
    public string? Queue { get; init; }
    /// <summary>The exchange; told only where clients send events.</summary>
    public string? Exchange { get; init; }
    /// <summary>The routing key; told only where clients send events.</summary>
    public string? RoutingKey { get; init; }
    /// <summary>The first task of the workflow.</summary>
    public string? RootId { get; init; }
    /// <summary>The task that sent this one.</summary>
    public string? ParentId { get; init; }

    /// <summary>True once no other state follows.</summary>
    public bool IsReady => TaskStates.IsReady(State);
}
