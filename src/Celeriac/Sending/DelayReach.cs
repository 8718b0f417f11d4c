using Celeriac.Messaging;

namespace Celeriac.Sending;

/// <summary>How far a broker can put a task off.</summary>
internal static class DelayReach
{
    /// <summary>
    /// When the broker is to hand out a task whose time is <paramref name="eta"/>: then, or as late as it can. Whoever receives a task before its time sends it
    /// back for the rest, so that no delay is too long.
    /// </summary>
    public static DateTimeOffset? DueOf(this TransportCapabilities can, DateTimeOffset? eta, DateTimeOffset now) =>
        eta is { } time && can.LongestDelay is { } longest && time - now > longest ? now + longest : eta;
}
