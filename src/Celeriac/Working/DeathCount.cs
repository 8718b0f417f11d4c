using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Working;

/// <summary>How many processes have died of a message: what the transport has counted, and what workers that lived on have noted on it.</summary>
internal static class DeathCount
{
    private const int Most = 1_000_000;

    public static int Of(Delivery delivery) => (delivery.Deaths ?? 0) + In(delivery.Message);

    public static int In(Message message) =>
        message.Headers[TaskHeader.Deaths] is { Kind: HeaderKind.Long } deaths ? (int)Math.Clamp(deaths.AsLong(), 0, Most) : 0;
}
