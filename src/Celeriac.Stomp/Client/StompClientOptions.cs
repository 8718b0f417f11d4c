using System.Net.Security;

namespace Celeriac.Stomp;

/// <summary>Where and how a client connects.</summary>
public sealed class StompClientOptions
{
    /// <summary>The server's host name or address. Default: <c>localhost</c>.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The server's port. Default: 61613; servers with TLS mostly listen on 61614.</summary>
    public int Port { get; init; } = 61613;

    /// <summary>The user's name; null sends none.</summary>
    public string? Login { get; init; }

    /// <summary>The user's password; null sends none. It appears in no text of this library.</summary>
    public string? Passcode { get; init; }

    /// <summary>The virtual host, sent as header <c>host</c>. Default: null, which sends <see cref="Host"/>. RabbitMQ's default is <c>/</c>.</summary>
    public string? VirtualHost { get; init; }

    /// <summary>More headers for CONNECT, such as ActiveMQ's <c>client-id</c>. Default: none.</summary>
    public StompHeaders ConnectHeaders { get; init; } = StompHeaders.Empty;

    /// <summary>How often at most this client is willing to show that it lives; zero for not at all. Default: 10 s. The server may ask for less.</summary>
    public TimeSpan HeartbeatSend { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often the server shall show that it lives; zero for not at all. Default: 10 s. The server may offer less. A connection that is
    /// silent for three times the agreed time is given up; less would be too little, since ActiveMQ may be silent for twice the time.
    /// </summary>
    public TimeSpan HeartbeatReceive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>TLS with these options; null for none. An empty <see cref="SslClientAuthenticationOptions.TargetHost"/> means <see cref="Host"/>.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>The largest frame that is received, with command, headers and body, in bytes. Default: 128 MiB + 64 KiB.</summary>
    public int MaximumFrameBytes { get; init; } = (128 * 1024 * 1024) + (64 * 1024);

    /// <summary>The longest header line that is received, in bytes as they are on the wire. Default: 64 KiB.</summary>
    public int MaximumHeaderBytes { get; init; } = 64 * 1024;

    /// <summary>The most headers in a frame that is received. Default: 500.</summary>
    public int MaximumHeaders { get; init; } = 500;

    /// <summary>
    /// The longest header line that is sent, in bytes as they are on the wire, without the end of the line. Default: 8 KiB, because ActiveMQ
    /// drops a connection without a word for a line over 10 KiB. A frame with a longer line is refused before anything of it is written.
    /// </summary>
    public int MaximumSentHeaderBytes { get; init; } = 8 * 1024;

    /// <summary>How many bytes may wait to be written before <see cref="StompClient.WriteAsync(StompFrame, CancellationToken)"/> waits. Default: 1 MiB.</summary>
    public int WriteBufferBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Called with each MESSAGE of a subscription that has no handler, such as one that was just given up. The message is not acknowledged.
    /// Runs on the reader like a handler. Default: null; such messages are counted only.
    /// </summary>
    public Action<StompFrame>? OnUnclaimedMessage { get; init; }

    // Every limit that is checked later is made sense of here.
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(Port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        foreach (var (name, limit) in new[] { (nameof(MaximumFrameBytes), MaximumFrameBytes), (nameof(MaximumHeaderBytes), MaximumHeaderBytes), (nameof(MaximumHeaders), MaximumHeaders), (nameof(MaximumSentHeaderBytes), MaximumSentHeaderBytes), (nameof(WriteBufferBytes), WriteBufferBytes) })
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1, name);
        }
        foreach (var (name, heartbeat) in new[] { (nameof(HeartbeatSend), HeartbeatSend), (nameof(HeartbeatReceive), HeartbeatReceive) })
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(heartbeat, TimeSpan.Zero, name);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(heartbeat, TimeSpan.FromMilliseconds(int.MaxValue), name);
        }
    }
}
