namespace Celeriac;

/// <summary>What a task's declaration says about its runs; see <see cref="TaskAttribute"/> for the meaning of each.</summary>
public sealed record TaskOptions
{
    /// <summary>The defaults.</summary>
    public static TaskOptions Default { get; } = new();

    /// <inheritdoc cref="TaskAttribute.Queue"/>
    public string? Queue { get; init; }
    /// <inheritdoc cref="TaskAttribute.Serializer"/>
    public string? Serializer { get; init; }
    /// <inheritdoc cref="TaskAttribute.Priority"/>
    public byte Priority { get; init; }
    /// <inheritdoc cref="TaskAttribute.MaxRetries"/>
    public int MaxRetries { get; init; } = 3;
    /// <inheritdoc cref="TaskAttribute.RetryOn"/>
    public IReadOnlyList<Type> RetryOn { get; init; } = [];
    /// <inheritdoc cref="TaskAttribute.DontRetryOn"/>
    public IReadOnlyList<Type> DontRetryOn { get; init; } = [];
    /// <summary>The delay before a retry; null for the default (180 s, or the factor 1 s with <see cref="RetryBackoff"/>).</summary>
    public TimeSpan? RetryDelay { get; init; }
    /// <inheritdoc cref="TaskAttribute.RetryBackoff"/>
    public bool RetryBackoff { get; init; }
    /// <summary>The first delay of a back-off; null for <see cref="RetryDelay"/>, or 1 s. Giving it turns <see cref="RetryBackoff"/> on.</summary>
    public TimeSpan? RetryBackoffFactor { get; init; }
    /// <summary>The longest delay that back-off may reach.</summary>
    public TimeSpan RetryBackoffMax { get; init; } = TimeSpan.FromSeconds(600);
    /// <inheritdoc cref="TaskAttribute.RetryJitter"/>
    public bool RetryJitter { get; init; } = true;
    /// <summary>See <see cref="TaskAttribute.AcksLate"/>; null leaves it to the worker.</summary>
    public bool? AcksLate { get; init; }
    /// <summary>See <see cref="TaskAttribute.RejectOnWorkerLost"/>; null leaves it to the worker.</summary>
    public bool? RejectOnWorkerLost { get; init; }
    /// <inheritdoc cref="TaskAttribute.IgnoreResult"/>
    public bool IgnoreResult { get; init; }
    /// <summary>See <see cref="TaskAttribute.TrackStarted"/>; null leaves it to the worker.</summary>
    public bool? TrackStarted { get; init; }
    /// <inheritdoc cref="TaskAttribute.SendEvents"/>
    public bool SendEvents { get; init; } = true;
    /// <summary>See <see cref="TaskAttribute.SoftTimeLimit"/>; null for none.</summary>
    public TimeSpan? SoftTimeLimit { get; init; }
    /// <summary>See <see cref="TaskAttribute.TimeLimit"/>; null for none.</summary>
    public TimeSpan? TimeLimit { get; init; }
    /// <inheritdoc cref="TaskAttribute.Unique"/>
    public UniqueUntil Unique { get; init; }
    /// <summary>See <see cref="TaskAttribute.UniqueFor"/>; null for the default of one hour.</summary>
    public TimeSpan? UniqueFor { get; init; }
    /// <inheritdoc cref="TaskAttribute.UniqueBy"/>
    public IReadOnlyList<string> UniqueBy { get; init; } = [];
    /// <inheritdoc cref="TaskAttribute.RateLimit"/>
    public string? RateLimit { get; init; }
    /// <inheritdoc cref="TaskAttribute.RateLimitScope"/>
    public LimitScope RateLimitScope { get; init; }
    /// <inheritdoc cref="TaskAttribute.RateLimitBy"/>
    public IReadOnlyList<string> RateLimitBy { get; init; } = [];
    /// <inheritdoc cref="TaskAttribute.ConcurrencyLimit"/>
    public int ConcurrencyLimit { get; init; }
    /// <inheritdoc cref="TaskAttribute.ConcurrencyBy"/>
    public IReadOnlyList<string> ConcurrencyBy { get; init; } = [];

    /// <summary>Why the task needs shared state for its limits, as the rest of a sentence that begins with the task; null where it does not.</summary>
    internal string? WhySharedLimits =>
        RateLimitScope == LimitScope.Cluster && RateLimit is not null ? "has a rate limit for the whole cluster, which"
        : ConcurrencyLimit > 0 ? "has a concurrency limit, which"
        : null;
}
