using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Celeriac.Brokers;

/// <summary>Asks a port whether the protocol answers: a port that is open may belong to a server that is still starting.</summary>
internal static class Handshakes
{
    private static readonly byte[] AmqpHeader = [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1];
    private static readonly byte[] StompConnect = Encoding.UTF8.GetBytes("CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0");

    /// <summary>True when an AMQP 0-9-1 server begins its handshake: a method frame on channel 0.</summary>
    public static async Task<bool> AmqpAsync(int port) => await AskAsync(port, AmqpHeader, 3) is [1, 0, 0];

    /// <summary>True when a STOMP server lets guest in.</summary>
    public static async Task<bool> StompAsync(int port) => Encoding.UTF8.GetString(await AskAsync(port, StompConnect, 9)) == "CONNECTED";

    /// <summary>True when a Redis serves, and has loaded its data.</summary>
    public static async Task<bool> RedisAsync(int port, string password)
    {
        var greeting = Encoding.UTF8.GetBytes((password.Length == 0 ? "" : $"AUTH {password}\r\n") + "PING\r\n");
        var expected = (password.Length == 0 ? "" : "+OK\r\n") + "+PONG\r\n";
        return Encoding.UTF8.GetString(await AskAsync(port, greeting, expected.Length)) == expected;
    }

    /// <summary>True when a server shows the certificate that the authority signed.</summary>
    public static async Task<bool> TlsAsync(int port, string authorityFile)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authorityFile);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            await using var secure = new SslStream(client.GetStream());
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", CertificateChainPolicy = policy }, limit.Token);
            return true;
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task<byte[]> AskAsync(int port, byte[] greeting, int length)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(greeting, limit.Token);
            var answer = new byte[length];
            var read = await stream.ReadAtLeastAsync(answer, length, throwOnEndOfStream: false, limit.Token);
            return answer[..read];
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException)
        {
            return [];
        }
    }
}
