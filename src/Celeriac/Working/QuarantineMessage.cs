using Celeriac.Messaging;
using Celeriac.Protocol;
using Celeriac.Sending;

namespace Celeriac.Working;

/// <summary>A message put aside: the whole message as it came, and why, where and when in its headers.</summary>
internal static class QuarantineMessage
{
    // Reasons quote what was received; the header must stay within every broker's limits.
    private const int LongestText = 2000;

    public static Publication Of(Delivery delivery, QuarantineReason reason, string text, string node, DateTimeOffset now)
    {
        var received = delivery.Message.Headers;
        var before = received[QuarantineHeader.Count] is { Kind: HeaderKind.Long } count ? Math.Clamp(count.AsLong(), 0, int.MaxValue - 1) : 0;
        var first = CeleryTime.TryParse(received.TextOf(QuarantineHeader.FirstTime), out var noted) ? noted : now;
        var headers = delivery.Message.Headers.Where(header => !header.Key.StartsWith(QuarantineHeader.Prefix, StringComparison.Ordinal));
        return Publication.ToQueue(TaskQueues.QuarantineOf(TaskQueues.NameOf(delivery.Queue)), delivery.Message with
        {
            Headers = new MessageHeaders(headers.Concat(
            [
                new(QuarantineHeader.Reason, reason.ToString()),
                new(QuarantineHeader.Text, text.Length <= LongestText ? text : text[..LongestText] + "…"),
                new(QuarantineHeader.Queue, TaskQueues.NameOf(delivery.Queue)),
                new(QuarantineHeader.Time, CeleryTime.Write(now)),
                new(QuarantineHeader.Node, node),
                new(QuarantineHeader.Count, before + 1),
                new(QuarantineHeader.FirstTime, CeleryTime.Write(first)),
                new(QuarantineHeader.Priority, delivery.Message.Priority is { } priority ? (long)priority : HeaderValue.Null),
            ])),
            // The oldest must be first, for those who look and for the bounds.
            Priority = null,
            Expiration = null,
        });
    }
}
