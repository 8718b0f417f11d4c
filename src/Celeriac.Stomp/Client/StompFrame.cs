using System.Text;

namespace Celeriac.Stomp;

/// <summary>One STOMP frame: a command, headers and a body. Immutable; the body of a received frame is an array of its own that nobody reuses.</summary>
public sealed class StompFrame
{
    /// <summary>Creates a frame. Nothing is checked here; what cannot be sent is refused when it is written.</summary>
    /// <param name="command">The command, such as <c>SEND</c>.</param>
    /// <param name="headers">The headers, unescaped. <c>content-length</c> is not needed: it is written from the body.</param>
    /// <param name="body">The body. It must not change until the frame was written.</param>
    public StompFrame(string command, StompHeaders? headers = null, ReadOnlyMemory<byte> body = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        Command = command;
        Headers = headers ?? StompHeaders.Empty;
        Body = body;
    }

    /// <summary>The command, such as <c>MESSAGE</c>.</summary>
    public string Command { get; }

    /// <summary>The headers, unescaped.</summary>
    public StompHeaders Headers { get; }

    /// <summary>The body; empty if there is none.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The body read as UTF-8; bytes that are not UTF-8 become U+FFFD.</summary>
    public string GetBodyText() => Encoding.UTF8.GetString(Body.Span);

    /// <summary>This frame with one more header at the end.</summary>
    public StompFrame With(string name, string value) => new(Command, Headers.With(name, value), Body);

    /// <summary>The command and sizes, for logs. Header values are left out, because some are secret.</summary>
    public override string ToString() => $"{Command} ({Headers.Count} headers, {Body.Length} bytes)";
}
