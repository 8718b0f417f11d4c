using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Stomp;

/// <summary>What a <c>stomp://</c> or <c>stomp+ssl://</c> URL says.</summary>
internal sealed record StompUrlOptions
{
    /// <summary>128 MiB.</summary>
    internal const long DefaultMaximumBody = 128L << 20;

    private const string SecureScheme = "stomp+ssl";

    private static readonly string[] Own = ["max_body", "headers", "ca", "client_certificate", "client_key", "server_name", "verify"];

    /// <summary>Times.</summary>
    public required ReconnectOptions Reconnect { get; init; }

    /// <summary><c>max_body</c>: the largest body in bytes. Default 128 MiB.</summary>
    public required long MaximumBody { get; init; }

    /// <summary><c>headers=text</c>: headers travel as text headers of the frame, for AMQP consumers of RabbitMQ; default <c>json</c>, which keeps their types.</summary>
    public required bool PlainHeaders { get; init; }

    /// <summary>How long a consumer may starve before somebody looks whether its queue is empty. Not in the URL: only tests change it.</summary>
    public TimeSpan WatchPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the options; unknown ones are refused.</summary>
    /// <exception cref="BrokerUrlException">A value is malformed or an option unknown.</exception>
    public static StompUrlOptions From(BrokerUrl url)
    {
        url.RequireKnown([.. ReconnectOptions.Names, .. Own]);
        return new StompUrlOptions
        {
            Reconnect = ReconnectOptions.From(url),
            MaximumBody = url.Integer("max_body", DefaultMaximumBody, 1, 1L << 30),
            PlainHeaders = url.Choice("headers", "json", "json", "text") == "text",
        };
    }

    /// <summary>How to connect to one server of the list.</summary>
    /// <exception cref="BrokerUrlException">A file with a certificate cannot be read.</exception>
    public StompClientOptions For(BrokerUrl server)
    {
        var isSecure = server.Scheme == SecureScheme;
        return new StompClientOptions
        {
            Host = server.Host,
            Port = server.Port ?? (isSecure ? 61614 : 61613),
            Login = server.User,
            Passcode = server.Password,
            VirtualHost = server.Path.Length == 0 ? "/" : server.Path,
            HeartbeatSend = Reconnect.Heartbeat,
            HeartbeatReceive = Reconnect.Heartbeat,
            Tls = isSecure ? TlsFor(server) : null,
            // The body and its headers; a third party's message over it would end the connection each time it came.
            MaximumFrameBytes = (int)Math.Min(int.MaxValue, MaximumBody + (4L << 20)),
        };
    }

    private static SslClientAuthenticationOptions TlsFor(BrokerUrl server)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = server.Text("server_name") ?? server.Host };
        if (!server.Flag("verify", true))
        {
#pragma warning disable CA5359 // Asked for in so many words: verify=false.
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        if (server.Text("ca") is { } authority)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            Read(server, "ca", () => policy.CustomTrustStore.ImportFromPemFile(authority));
            tls.CertificateChainPolicy = policy;
        }
        if (server.Text("client_certificate") is { } certificate)
        {
            tls.ClientCertificates = [];
            Read(server, "client_certificate", () => tls.ClientCertificates.Add(X509Certificate2.CreateFromPemFile(certificate, server.Text("client_key"))));
        }
        return tls;
    }

    private static void Read(BrokerUrl server, string option, Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new BrokerUrlException($"Option '{option}' of broker URL '{server}' names a file that cannot be used: {error.Message} Give the path of a PEM file.");
        }
    }
}
