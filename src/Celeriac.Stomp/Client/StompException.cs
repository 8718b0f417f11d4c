using System.Text;

namespace Celeriac.Stomp;

/// <summary>Something failed between a STOMP client and its server.</summary>
public abstract class StompException : Exception
{
    private protected StompException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>The connection could not be made, or it ended.</summary>
public sealed class StompConnectionException : StompException
{
    /// <summary>Creates the exception.</summary>
    public StompConnectionException(string message, bool mayHaveBeenSent, Exception? innerException = null) : base(message, innerException) =>
        MayHaveBeenSent = mayHaveBeenSent;

    /// <summary>Whether the frames in question may have reached the server. If false, nothing of them has left this process.</summary>
    public bool MayHaveBeenSent { get; }
}

/// <summary>The server sent what STOMP 1.2 does not allow or what is over a limit of <see cref="StompClientOptions"/>. The connection is of no use any more.</summary>
public sealed class StompProtocolException : StompException
{
    /// <summary>Creates the exception.</summary>
    public StompProtocolException(string message) : base(message)
    {
    }
}

/// <summary>A frame cannot be sent as it is. Nothing was written; the connection goes on.</summary>
public sealed class StompRefusedException : StompException
{
    /// <summary>Creates the exception.</summary>
    public StompRefusedException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>The server sent an ERROR frame, after which it closes the connection.</summary>
public sealed class StompErrorException : StompException
{
    private const int MaximumMessage = 1024;
    private const int MaximumDetails = 8 * 1024;

    /// <summary>Creates the exception.</summary>
    /// <param name="error">The ERROR frame. Only the start of its texts is kept.</param>
    public StompErrorException(StompFrame error) : this(Cut(error.Headers.Find("message") ?? "", MaximumMessage), CutBody(error))
    {
    }

    private StompErrorException(string serverMessage, string details) : base(Describe(serverMessage, details))
    {
        ServerMessage = serverMessage;
        Details = details;
    }

    /// <summary>The server's short description, its header <c>message</c>, cut to 1,024 characters; empty if there is none.</summary>
    public string ServerMessage { get; }

    /// <summary>The body of the frame as text, cut to 8 KiB; empty if there is none. ActiveMQ puts a stack trace here.</summary>
    public string Details { get; }

    private static string Describe(string message, string details)
    {
        var first = Cut(FirstSentence(details), 300);
        return (message.Length, first.Length) switch
        {
            (0, 0) => "The server ended the connection with an ERROR frame that has no text. Look into the server's log.",
            (_, 0) => $"The server answered ERROR: '{message}'.",
            (0, _) => $"The server answered ERROR: '{first}'.",
            _ => $"The server answered ERROR: '{message}' ({first}).",
        };
    }

    /// <summary>The first line, and those that go on with it: RabbitMQ breaks a reason after a comma or a brace.</summary>
    private static string FirstSentence(string details)
    {
        var first = new StringBuilder();
        foreach (var line in details.AsSpan().Trim().EnumerateLines())
        {
            first.Append(line.Trim());
            if (first.Length == 0 || !(first[^1] is ',' or '{'))
            {
                break;
            }
        }
        return first.ToString();
    }

    internal static string CutBody(StompFrame error) =>
        error.Body.Length <= MaximumDetails ? error.GetBodyText() : new StompFrame(error.Command, body: error.Body[..MaximumDetails]).GetBodyText() + "…";

    internal static string Cut(string text, int maximum) => text.Length <= maximum ? text : text[..maximum] + "…";
}
