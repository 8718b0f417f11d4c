using System.Runtime.CompilerServices;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>
/// Lets our own <see cref="Wire.AmqpProperties"/> through to the wire. A channel of RabbitMQ.Client on which confirmations are enabled copies foreign properties into its own
/// type, which leaves out a priority of 0 and adds an empty header table. The library's flag does nothing else that is needed once the channel is open, because the
/// confirmations are tracked here; so it is switched off. Where a later version has no such flag, messages go out as the library copies them: right but for these two points.
/// </summary>
internal static class ExactProperties
{
    /// <summary>Switches the copying off; answers whether it could.</summary>
    public static bool TryAllow(IChannel confirming)
    {
        try
        {
            IsCopying(confirming) = false;
            return true;
        }
        catch (Exception error) when (error is MissingFieldException or TypeLoadException or InvalidCastException)
        {
            return false;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_publisherConfirmationsEnabled")]
    private static extern ref bool IsCopying([UnsafeAccessorType("RabbitMQ.Client.Impl.Channel, RabbitMQ.Client")] object channel);
}
