using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>A turn under a rate limit.</summary>
/// <param name="At">When it is, by the store's clock; null where all turns that are given out so early are taken.</param>
/// <param name="Wait">How long until then, or until the first free turn.</param>
internal readonly record struct RateTurn(DateTimeOffset? At, TimeSpan Wait);

/// <summary>
/// The turns under a rate limit that all workers share: a bucket that holds one token, written as the time of the next free turn. Who asks gets a time and
/// waits for it, so nobody has to ask twice. Counted by the store's clock.
/// </summary>
internal static class RateBucket
{
    public const string Kind = "rate";

    /// <summary>So early turns are given out. What dies or is revoked before its turn wastes it, so not all of a backlog gets one at once.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(10);

    /// <summary>So late a turn still counts. Whoever comes later has let it pass: many of them would be a burst.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Takes turns in one write.</summary>
    /// <param name="updates">The store.</param>
    /// <param name="key">The bucket.</param>
    /// <param name="interval">The time between two turns.</param>
    /// <param name="earlier">For each that asks the turn that it has already, which counts unless it is long past; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static ValueTask<RateTurn[]> TakeAsync(StateUpdates updates, string key, TimeSpan interval, IReadOnlyList<DateTimeOffset?> earlier, CancellationToken cancellationToken) =>
        updates.ChangeAsync([key], reading => Decide(reading, key, interval, earlier), cancellationToken);

    private static StateDecision<RateTurn[]> Decide(StateReading reading, string key, TimeSpan interval, IReadOnlyList<DateTimeOffset?> earlier)
    {
        var (now, entry) = (reading.Now, reading.Find(key));
        var next = entry is null ? now : TimeOf(entry.Content) is var written && written > now ? written : now;
        var turns = new RateTurn[earlier.Count];
        var taken = 0;
        for (var index = 0; index < turns.Length; index++)
        {
            if (earlier[index] is { } mine && mine >= now - Grace && mine <= now + Horizon)
            {
                turns[index] = new RateTurn(mine, mine - now);
                continue;
            }
            var isFree = next - now <= Horizon;
            turns[index] = new RateTurn(isFree ? next : null, next - now);
            if (isFree)
            {
                taken++;
                next += interval;
            }
        }
        var lifetime = next - now > TimeSpan.FromSeconds(1) ? next - now : TimeSpan.FromSeconds(1);
        return new StateDecision<RateTurn[]>(turns, taken == 0 ? [] : [new StateChange(key, Bytes(next)) { ExpectedVersion = entry?.Version ?? 0, Lifetime = lifetime }]);
    }

    private static byte[] Bytes(DateTimeOffset time) => Encoding.UTF8.GetBytes(time.UtcTicks.ToString(CultureInfo.InvariantCulture));

    /// <summary>What nobody here has written is long past.</summary>
    private static DateTimeOffset TimeOf(ReadOnlyMemory<byte> content) =>
        long.TryParse(content.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : DateTimeOffset.MinValue;
}
