namespace Celeriac.Events;

/// <summary>
/// The Lamport clock of a process: goes on by one before each event, control message and reply, and jumps over what a peer tells. It orders the events
/// of a fleet whose wall clocks differ (CELERY-PROTOCOL section 16). Safe from any thread.
/// </summary>
internal sealed class LogicalClock
{
    // A peer that lies must not bring the clock to its end, from where it could not go on.
    private const long Highest = long.MaxValue / 2;
    private long _now;

    /// <summary>The present value, without moving it.</summary>
    public long Now => Interlocked.Read(ref _now);

    /// <summary>Goes on by one; answers the new value.</summary>
    public long Forward() => Interlocked.Increment(ref _now);

    /// <summary>Jumps over a value that a peer has sent; one that is negative or absurdly high is not believed. Answers the new value.</summary>
    public long Adjust(long other)
    {
        if (other is < 0 or > Highest)
        {
            return Forward();
        }
        while (true)
        {
            var seen = Interlocked.Read(ref _now);
            var next = Math.Max(seen, other) + 1;
            if (Interlocked.CompareExchange(ref _now, next, seen) == seen)
            {
                return next;
            }
        }
    }
}
