namespace Celeriac.Stomp;

/// <summary>The commands of STOMP 1.2.</summary>
internal static class Commands
{
    public const string Connect = "CONNECT";
    public const string Connected = "CONNECTED";
    public const string Send = "SEND";
    public const string Subscribe = "SUBSCRIBE";
    public const string Unsubscribe = "UNSUBSCRIBE";
    public const string Ack = "ACK";
    public const string Nack = "NACK";
    public const string Begin = "BEGIN";
    public const string Commit = "COMMIT";
    public const string Abort = "ABORT";
    public const string Disconnect = "DISCONNECT";
    public const string Message = "MESSAGE";
    public const string Receipt = "RECEIPT";
    public const string Error = "ERROR";

    /// <summary>The older name of CONNECT.</summary>
    public const string Stomp = "STOMP";

    /// <summary>All of them, so that a parser can name a command without making a string.</summary>
    public static readonly string[] All =
        [Connect, Connected, Send, Subscribe, Unsubscribe, Ack, Nack, Begin, Commit, Abort, Disconnect, Message, Receipt, Error, Stomp];

    /// <summary>Whether the headers of a frame are escaped. CONNECT and CONNECTED are not, for the sake of STOMP 1.0.</summary>
    public static bool IsEscaped(string command) => command is not (Connect or Connected);
}
