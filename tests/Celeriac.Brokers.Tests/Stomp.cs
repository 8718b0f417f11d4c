using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Celeriac.Brokers.Tests;

/// <summary>As much of a STOMP client as these tests need.</summary>
internal sealed class Stomp : IDisposable
{
    private readonly TcpClient _client = new();
    private Stream? _stream;

    public static async Task<Stomp> ConnectAsync(int port, string? authorityFile = null)
    {
        var stomp = new Stomp();
        await stomp._client.ConnectAsync(IPAddress.Loopback, port);
        stomp._stream = stomp._client.GetStream();
        if (authorityFile is not null)
        {
            stomp._stream = await SecureAsync(stomp._stream, authorityFile);
        }
        await stomp.SendAsync("CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n");
        Assert.StartsWith("CONNECTED\n", await stomp.ReadAsync(), StringComparison.Ordinal);
        return stomp;
    }

    public async Task SendAsync(string frame) => await _stream!.WriteAsync(Encoding.UTF8.GetBytes(frame + "\0"));

    public async Task<string> ReadAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var frame = new List<byte>();
        var one = new byte[1];
        while (await _stream!.ReadAsync(one, limit.Token) == 1 && one[0] != 0)
        {
            if (frame.Count > 0 || one[0] != '\n')
            {
                frame.Add(one[0]);
            }
        }
        return Encoding.UTF8.GetString([.. frame]);
    }

    /// <summary>Sends a message that survives the broker, and returns when the broker has it.</summary>
    public async Task PublishAsync(string queue, string text)
    {
        await SendAsync($"SEND\ndestination:/queue/{queue}\npersistent:true\nreceipt:1\n\n{text}");
        Assert.StartsWith("RECEIPT\n", await ReadAsync(), StringComparison.Ordinal);
    }

    /// <summary>The next message's body.</summary>
    public async Task<string> ConsumeAsync(string queue)
    {
        await SendAsync($"SUBSCRIBE\nid:1\ndestination:/queue/{queue}\nack:auto\n\n");
        var frame = await ReadAsync();
        Assert.StartsWith("MESSAGE\n", frame, StringComparison.Ordinal);
        return frame.Split("\n\n")[1];
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _client.Dispose();
    }

    private static async Task<Stream> SecureAsync(Stream plain, string authorityFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authorityFile);
        var secure = new SslStream(plain);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = policy });
        return secure;
    }
}
