namespace Celeriac.Working;

/// <summary>Decides whether and when a run is tried again. Pure.</summary>
internal static class RetryPolicy
{
    private static readonly TimeSpan s_defaultDelay = TimeSpan.FromSeconds(180);

    /// <summary>True where the task's declaration asks for a retry of this exception.</summary>
    public static bool Wants(TaskOptions options, Exception error) =>
        options.RetryOn.Any(type => type.IsInstanceOfType(error)) && !options.DontRetryOn.Any(type => type.IsInstanceOfType(error));

    /// <summary>True where another retry is within the limit.</summary>
    public static bool Allows(int retries, int maxRetries) => maxRetries < 0 || retries < maxRetries;

    /// <summary>The wait that an exception asks for, or one inside it, or that the worker's options know for it; null where nobody says.</summary>
    public static TimeSpan? Hint(Exception? error, Func<Exception, TimeSpan?>? known)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (((error as IRetryAfter)?.RetryAfter ?? known?.Invoke(error)) is { } hint)
            {
                return hint > TimeSpan.Zero ? hint : TimeSpan.Zero;
            }
        }
        return null;
    }

    /// <summary>The delay before the next run; Celery's <c>min(retry_backoff_max, factor * 2^retries)</c>, with full jitter.</summary>
    public static TimeSpan Delay(TaskOptions options, int retries, Random random)
    {
        if (!options.RetryBackoff && options.RetryBackoffFactor is null)
        {
            return options.RetryDelay ?? s_defaultDelay;
        }
        var factor = (options.RetryBackoffFactor ?? options.RetryDelay ?? TimeSpan.FromSeconds(1)).TotalSeconds;
        var seconds = Math.Min(options.RetryBackoffMax.TotalSeconds, factor * Math.Pow(2, Math.Min(retries, 60)));
        return TimeSpan.FromSeconds(options.RetryJitter ? seconds * random.NextDouble() : seconds);
    }
}
