namespace Celeriac;

/// <summary>
/// Put it on an exception that knows when to try again, like HTTP's <c>Retry-After</c>: a retry for its sake waits that long, instead of the task's own delay.
/// A countdown or eta that the task asks for wins. For exceptions of others see <see cref="WorkerOptions.RetryAfter"/>.
/// </summary>
public interface IRetryAfter
{
    /// <summary>How long to wait; null where it is not known.</summary>
    TimeSpan? RetryAfter { get; }
}
