namespace Celeriac.Stomp.Brokers;

/// <summary>What an ERROR of RabbitMQ's plug-in means: it comes for what was asked, and it comes where the connection ends for other reasons.</summary>
internal static class RabbitMqErrors
{
    /// <summary>
    /// Whether a consumer ended because its queue was deleted. Nobody is asked: the question declares the queue for a moment where it is gone, and would
    /// lock out who declares it anew.
    /// </summary>
    internal static bool IsQueueDeleted(Exception? reason) => reason is StompErrorException { ServerMessage: "Server cancelled subscription" };

    /// <summary>
    /// Whether it may be otherwise in a moment: somebody else holds the queue for himself, or the plug-in itself has failed over two who ask for one queue
    /// at the same moment (seen on 3.10.8).
    /// </summary>
    internal static bool MayPass(StompErrorException refusal) =>
        refusal.Details.Contains("RESOURCE_LOCKED", StringComparison.Ordinal) || refusal.ServerMessage == "Processing error";

    /// <summary>
    /// The loss of the connection where that is what the failure says; null where it answers what was asked. Taken for an answer, the plug-in's words
    /// for a connection that an operator closes, a server that stops or a virtual host that goes down would say that a queue is refused, or exists.
    /// </summary>
    internal static StompConnectionException? LossIn(Exception failure) => failure switch
    {
        StompConnectionException loss => loss,
        // Seen on 3.10.8.
        StompErrorException { ServerMessage: "AMQP channel died" or "AMQP connection died" or "connection_forced" } error =>
            new StompConnectionException($"The server ended the connection. {error.Message}", mayHaveBeenSent: true, error),
        _ => null,
    };
}
