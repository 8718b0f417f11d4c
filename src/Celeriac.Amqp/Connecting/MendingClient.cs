using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Connecting;

/// <summary>A socket for RabbitMQ.Client whose stream is a <see cref="MendingStream"/>. TLS is spoken here, below it, because the library would read what is still encrypted.</summary>
/// <param name="family">The address family.</param>
/// <param name="tls">How TLS is spoken; null without.</param>
internal sealed class MendingClient(AddressFamily family, SslClientAuthenticationOptions? tls) : ITcpClient
{
    private readonly Socket _socket = new(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private MendingStream? _stream;

    public bool Connected => _socket.Connected;

    public Socket Client => _socket;

    public TimeSpan ReceiveTimeout
    {
        get => TimeSpan.FromMilliseconds(_socket.ReceiveTimeout);
        set => _socket.ReceiveTimeout = (int)value.TotalMilliseconds;
    }

    public async Task ConnectAsync(IPAddress host, int port, CancellationToken cancellationToken = default)
    {
        await _socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        var plain = new NetworkStream(_socket, ownsSocket: false);
        if (tls is null)
        {
            _stream = new MendingStream(_socket, plain);
            return;
        }
        var encrypted = new SslStream(plain);
        try
        {
            await encrypted.AuthenticateAsClientAsync(tls, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await encrypted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        _stream = new MendingStream(_socket, encrypted);
    }

    public NetworkStream GetStream() => _stream ?? throw new InvalidOperationException("The client is not connected.");

    public void Close() => Dispose();

    public void Dispose()
    {
        _stream?.Dispose();
        _socket.Dispose();
    }
}
