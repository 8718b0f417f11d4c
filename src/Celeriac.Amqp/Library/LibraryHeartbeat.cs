using System.Runtime.CompilerServices;
using Celeriac.Amqp.Links;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>
/// RabbitMQ.Client 7.1 looks for a silent server in a timer of its own. Where it finds one while the connection's main loop ends too, both close channel 0, the second of them gets a
/// <see cref="System.Threading.Channels.ChannelClosedException"/>, and in the timer nobody catches it: the process dies (rabbitmq-dotnet-client, issue 1884). So that timer is
/// taken away; <see cref="SilenceWatch"/> does its work. The timer that sends heartbeats catches everything and stays.
/// </summary>
internal static class LibraryHeartbeat
{
    /// <summary>Stops the library's timer; answers whether it could. Where a later version has no such timer, <see cref="SilenceWatch"/> still comes first by a whole heartbeat.</summary>
    public static bool TryDisarm(IConnection connection)
    {
        try
        {
            // The library's callback does nothing where the field is null.
            Interlocked.Exchange(ref ReadTimer(connection), null)?.Dispose();
            return true;
        }
        catch (Exception error) when (error is MissingFieldException or TypeLoadException or InvalidCastException)
        {
            return false;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_heartbeatReadTimer")]
    private static extern ref Timer? ReadTimer([UnsafeAccessorType("RabbitMQ.Client.Framing.Connection, RabbitMQ.Client")] object connection);
}
