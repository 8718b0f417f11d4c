namespace Celeriac.Messaging.Stores;

/// <summary>
/// A version that moves and wakes whoever waits for it to move. Read <see cref="Version"/>, look, then wait with what was read:
/// a change in between ends the wait at once.
/// </summary>
public sealed class ChangeSignal
{
    // There only while somebody waits: most changes find nobody.
    private TaskCompletionSource? _next;
    private long _version;

    /// <summary>The present version.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Moves the version and wakes every waiter.</summary>
    public void Pulse()
    {
        Interlocked.Increment(ref _version);
        Interlocked.Exchange(ref _next, null)?.TrySetResult();
    }

    /// <summary>Returns when the version differs from <paramref name="seen"/>, or after <paramref name="atMost"/> (<see cref="Timeout.InfiniteTimeSpan"/>: not before).</summary>
    public async ValueTask WaitAsync(long seen, TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        // First the source, then the look at the version: whoever moves it in between finds the source.
        var next = NextChange();
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

    private Task NextChange()
    {
        if (Volatile.Read(ref _next) is { } present)
        {
            return present.Task;
        }
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _next, source, null) ?? source).Task;
    }
}
