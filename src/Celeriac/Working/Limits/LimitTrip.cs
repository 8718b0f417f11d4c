using System.Globalization;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Working.Limits;

/// <summary>What a message that was over a limit carries through the broker.</summary>
/// <param name="Count">How often no place was free.</param>
/// <param name="Turn">Its turn under a rate limit; null for none yet.</param>
internal readonly record struct LimitTrip(int Count, DateTimeOffset? Turn)
{
    public string ToHeader() => string.Create(CultureInfo.InvariantCulture, $"{Count} {Turn?.UtcTicks ?? 0}");

    public static LimitTrip Of(MessageHeaders headers) =>
        headers.TextOf(TaskHeader.LimitTrip)?.Split(' ') is [var count, var ticks]
        && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var turn)
            ? new LimitTrip(number, turn > 0 && turn <= DateTime.MaxValue.Ticks ? new DateTimeOffset(turn, TimeSpan.Zero) : null)
            : default;
}
