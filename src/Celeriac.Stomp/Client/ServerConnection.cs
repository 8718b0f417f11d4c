using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Celeriac.Stomp;

/// <summary>The way to the server: TCP, and TLS on it if wanted.</summary>
internal static class ServerConnection
{
    public static async Task<Stream> OpenAsync(StompClientOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(options.Host, options.Port, cancellationToken).ConfigureAwait(false);
            var plain = new PromptStream(socket);
            return options.Tls is null ? plain : await SecureAsync(plain, options.Tls, options.Host, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            socket.Dispose();
            throw fault switch
            {
                SocketException => Failed(options, $"Could not connect to '{options.Host}:{options.Port}': {fault.Message.TrimEnd('.')}. Check the address and that the server's STOMP port is open.", fault),
                AuthenticationException => Failed(options, $"TLS with '{options.Host}:{options.Port}' failed: {fault.Message.TrimEnd('.')}. Check the server's certificate and that the port speaks TLS.", fault),
                IOException => Failed(options, $"The server at '{options.Host}:{options.Port}' ended the connection during the TLS handshake: {fault.Message.TrimEnd('.')}. Check that the port speaks TLS.", fault),
                _ => fault,
            };
        }
    }

    private static StompConnectionException Failed(StompClientOptions options, string message, Exception fault) => new(message, mayHaveBeenSent: false, fault);

    private static async Task<Stream> SecureAsync(Stream plain, SslClientAuthenticationOptions tls, string host, CancellationToken cancellationToken)
    {
        var secure = new SslStream(plain);
        try
        {
            await secure.AuthenticateAsClientAsync(string.IsNullOrEmpty(tls.TargetHost) ? WithTarget(tls, host) : tls, cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    // The options are the caller's and may serve for several hosts, so they are copied.
    private static SslClientAuthenticationOptions WithTarget(SslClientAuthenticationOptions tls, string host)
    {
        var copy = Copy(tls);
        copy.TargetHost = host;
        if (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        {
            copy.AllowRsaPkcs1Padding = tls.AllowRsaPkcs1Padding;
            copy.AllowRsaPssPadding = tls.AllowRsaPssPadding;
        }
        return copy;
    }

    private static SslClientAuthenticationOptions Copy(SslClientAuthenticationOptions tls) => new()
    {
        AllowRenegotiation = tls.AllowRenegotiation,
        AllowTlsResume = tls.AllowTlsResume,
        ApplicationProtocols = tls.ApplicationProtocols,
        CertificateChainPolicy = tls.CertificateChainPolicy,
        CertificateRevocationCheckMode = tls.CertificateRevocationCheckMode,
        CipherSuitesPolicy = tls.CipherSuitesPolicy,
        ClientCertificateContext = tls.ClientCertificateContext,
        ClientCertificates = tls.ClientCertificates,
        EnabledSslProtocols = tls.EnabledSslProtocols,
        EncryptionPolicy = tls.EncryptionPolicy,
        LocalCertificateSelectionCallback = tls.LocalCertificateSelectionCallback,
        RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
    };
}
