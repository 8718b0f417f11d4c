using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Celeriac.Amqp.Links;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Library;

/// <summary>A socket for RabbitMQ.Client whose stream is a <see cref="MendingStream"/>. TLS is spoken here, below it, because the library would read what is still encrypted.</summary>
internal sealed class MendingClient : ITcpClient
{
    private readonly Socket _socket;
    private readonly SslClientAuthenticationOptions? _tls;
    private MendingStream? _stream;

    /// <param name="family">The address family.</param>
    /// <param name="tls">How TLS is spoken; null without.</param>
    /// <param name="time">The clock.</param>
    public MendingClient(AddressFamily family, SslClientAuthenticationOptions? tls, TimeProvider time)
    {
        _socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _tls = tls;
        Silence = new SilenceWatch(time, _socket);
    }

    /// <summary>Gives a silent server up, once it is started.</summary>
    public SilenceWatch Silence { get; }

    /// <summary>True once TLS is agreed on.</summary>
    public bool IsEncrypted => _tls is not null && _stream is not null;

    /// <summary>From now on what the connection has to write leaves together (<see cref="GatheredWrites"/>).</summary>
    public void Gather(IConnection connection) => _stream?.InLine = LibraryOutbox.CountOf(connection);

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
        if (_tls is null)
        {
            _stream = new MendingStream(_socket, plain, Silence);
            return;
        }
        var encrypted = new SslStream(plain);
        try
        {
            await encrypted.AuthenticateAsClientAsync(_tls, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await encrypted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        _stream = new MendingStream(_socket, encrypted, Silence);
    }

    public NetworkStream GetStream() => _stream ?? throw new InvalidOperationException("The client is not connected.");

    public void Close() => Dispose();

    public void Dispose()
    {
        Silence.Dispose();
        _stream?.Dispose();
        _socket.Dispose();
    }
}
