using Celeriac.Amqp.Links;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>What RabbitMQ.Client throws and says, as the seam has it.</summary>
internal static class LibraryErrors
{
    /// <summary>True for what the library throws when a channel or connection ends under a call.</summary>
    public static bool IsOfTheChannel(Exception error) =>
        error is RabbitMQClientException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException or System.Threading.Channels.ChannelClosedException;

    public static Exception Translate(Exception error, CloseReason? reason) => error switch
    {
        OperationInterruptedException { ShutdownReason: { } said } => new AmqpClosedException(ReasonOf(said), error),
        TimeoutException or OperationCanceledException => new TimeoutException(error.Message, error),
        _ => new AmqpClosedException(reason, error),
    };

    public static CloseReason? ReasonOf(ShutdownEventArgs? reason) => reason is null
        ? null
        : new CloseReason(reason.Initiator == ShutdownInitiator.Peer, reason.ReplyCode, reason.ReplyText, reason.Exception);
}
