namespace Celeriac.Messaging.Stores;

/// <summary>
/// A version that moves and wakes whoever waits for it to move. Read <see cref="Version"/>, look, then wait with what was read:
/// a change in between ends the wait at once.
/// </summary>
public sealed class ChangeSignal
{
    private TaskCompletionSource _next = NewSource();
    private long _version;

    /// <summary>The present version.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Moves the version and wakes every waiter.</summary>
    public void Pulse()
    {
        Interlocked.Increment(ref _version);
        Interlocked.Exchange(ref _next, NewSource()).TrySetResult();
    }

    /// <summary>Returns when the version differs from <paramref name="seen"/>, or after <paramref name="atMost"/> (<see cref="Timeout.InfiniteTimeSpan"/>: not before).</summary>
    public async ValueTask WaitAsync(long seen, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        var next = Volatile.Read(ref _next).Task;
        if (Version != seen || (atMost <= TimeSpan.Zero && atMost != Timeout.InfiniteTimeSpan))
        {
            return;
        }
        try
        {
            await next.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The end of the wait is an answer like any other: the caller looks again.
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
