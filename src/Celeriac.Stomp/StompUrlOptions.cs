using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Stomp;

/// <summary>What a <c>stomp://</c> or <c>stomp+ssl://</c> URL says.</summary>
internal sealed record StompUrlOptions
{
    /// <summary>128 MiB.</summary>
    internal const long DefaultMaximumBody = 128L << 20;

    private const string SecureScheme = "stomp+ssl";

    private static readonly string[] Own = ["max_body", "headers"];

    /// <summary>Times.</summary>
    public required ReconnectOptions Reconnect { get; init; }

    /// <summary><c>max_body</c>: the largest body in bytes. Default 128 MiB.</summary>
    public required long MaximumBody { get; init; }

    /// <summary><c>headers=text</c>: headers travel as text headers of the frame, for AMQP consumers of RabbitMQ; default <c>json</c>, which keeps their types.</summary>
    public required bool PlainHeaders { get; init; }

    /// <summary>How long a consumer may starve before somebody looks whether its queue is empty. Not in the URL: only tests change it.</summary>
    public TimeSpan WatchPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How the server is checked and what is shown to it; null without TLS.</summary>
    public BrokerTlsOptions? Tls { get; init; }

    /// <summary>Reads the options; unknown ones are refused.</summary>
    /// <exception cref="BrokerUrlException">A value is malformed or an option unknown.</exception>
    public static StompUrlOptions From(BrokerUrl url)
    {
        var isSecure = url.Scheme == SecureScheme;
        url.RequireKnown(isSecure ? [.. ReconnectOptions.Names, .. Own, .. BrokerTlsOptions.Names] : [.. ReconnectOptions.Names, .. Own]);
        return new StompUrlOptions
        {
            Reconnect = ReconnectOptions.From(url),
            MaximumBody = url.Integer("max_body", DefaultMaximumBody, 1, 1L << 30),
            PlainHeaders = url.Choice("headers", "json", "json", "text") == "text",
            Tls = isSecure ? BrokerTlsOptions.From(url) : null,
        };
    }

    /// <summary>How to connect to one server of the list.</summary>
    /// <exception cref="TransportRefusedException">A certificate's file cannot be read.</exception>
    public StompClientOptions For(BrokerUrl server)
    {
        return new StompClientOptions
        {
            Host = server.Host,
            Port = server.Port ?? (Tls is null ? 61613 : 61614),
            Login = server.User,
            Passcode = server.Password,
            VirtualHost = server.Path.Length == 0 ? "/" : server.Path,
            HeartbeatSend = Reconnect.Heartbeat,
            HeartbeatReceive = Reconnect.Heartbeat,
            Tls = Tls is null ? null : BrokerTls.OptionsFor(Tls, server),
            // The body and its headers; a third party's message over it would end the connection each time it came.
            MaximumFrameBytes = (int)Math.Min(int.MaxValue, MaximumBody + (4L << 20)),
        };
    }
}
