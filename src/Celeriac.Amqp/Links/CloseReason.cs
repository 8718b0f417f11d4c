namespace Celeriac.Amqp.Links;

/// <summary>Why a channel or a connection is closed.</summary>
/// <param name="IsByServer">True where the server has closed it and said why; false where it was lost or closed here.</param>
/// <param name="Code">The server's reply code; 0 where there is none.</param>
/// <param name="Text">What was said, or what happened.</param>
/// <param name="Error">What ended a connection that was lost.</param>
internal sealed record CloseReason(bool IsByServer, int Code, string Text, Exception? Error = null);

/// <summary>A channel or a connection was closed before or under a call.</summary>
internal sealed class AmqpClosedException(CloseReason? reason, Exception? inner = null)
    : Exception(reason?.Text is { Length: > 0 } text ? text : "The channel is closed.", inner ?? reason?.Error)
{
    /// <summary>Why; null where nobody knows.</summary>
    public CloseReason? Reason => reason;
}
