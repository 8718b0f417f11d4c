using Celeriac.Sending;
using Celeriac.SharedState;

namespace Celeriac.Working.Limits;

/// <summary>The limits of one task that all workers count together, and the keys under which a call counts.</summary>
internal sealed class TaskLimits(TaskDefinition definition, RateLimit? rate)
{
    private readonly ArgumentKey _arguments = new(definition.Name, definition.Parameters, "is limited", "Correct RateLimitBy or ConcurrencyBy.");

    /// <summary>How many runs there may be at once; 0 for no limit.</summary>
    public int Concurrency { get; } = definition.Options.ConcurrencyLimit;

    /// <summary>The time between two starts; null for no limit.</summary>
    public TimeSpan? Interval { get; } = rate?.Interval;

    /// <summary>Null where the task has no such limits.</summary>
    /// <exception cref="ArgumentException">A limit cannot be read.</exception>
    public static TaskLimits? Of(TaskDefinition definition)
    {
        var options = definition.Options;
        if (options.ConcurrencyLimit is < 0 or > 1000)
        {
            throw new ArgumentException($"ConcurrencyLimit of task '{definition.Name}' is '{options.ConcurrencyLimit}', but must be 1–1000, or 0 for no limit.");
        }
        if (options.RateLimitBy.Count > 0 && options.RateLimitScope != LimitScope.Cluster)
        {
            throw new ArgumentException($"Task '{definition.Name}' has RateLimitBy, but its rate is counted in each worker. Set RateLimitScope to Cluster.");
        }
        RateLimit? rate = null;
        if (options.RateLimitScope == LimitScope.Cluster && !RateLimit.TryParse(options.RateLimit, out rate))
        {
            throw new ArgumentException($"RateLimit of task '{definition.Name}' is '{options.RateLimit}', but must be a number with /s, /m or /h. Write for example 10/m.");
        }
        return rate is null && options.ConcurrencyLimit == 0 ? null : new TaskLimits(definition, rate);
    }

    /// <summary>The bucket of a call; with the rate in its key, so that a new one does not inherit the turns that were given out under the old one.</summary>
    /// <exception cref="ArgumentException">An argument that counts is not given.</exception>
    public string? RateKeyOf(TaskRequest request) =>
        rate is null ? null : StateKey.Of(RateBucket.Kind, [definition.Name, rate.Text, .. Part(request, definition.Options.RateLimitBy)]);

    /// <summary>The table of places of a call.</summary>
    /// <exception cref="ArgumentException">An argument that counts is not given.</exception>
    public string? SlotKeyOf(TaskRequest request) =>
        Concurrency == 0 ? null : StateKey.Of(SlotTable.Kind, [definition.Name, .. Part(request, definition.Options.ConcurrencyBy)]);

    private string[] Part(TaskRequest request, IReadOnlyList<string> chosen) => chosen.Count == 0
        ? []
        : [_arguments.Of(request.Body.Slice(request.Args.Start, request.Args.Length), request.Body.Slice(request.Kwargs.Start, request.Kwargs.Length), chosen)];
}
