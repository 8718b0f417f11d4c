using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using Celeriac.Amqp.Links;

namespace Celeriac.Amqp.Client;

/// <summary>The bytes to and from the server, encrypted or not. One reads and one writes; disposing ends both.</summary>
internal sealed class AmqpSocket : IDisposable
{
    private static readonly StreamPipeReaderOptions s_reading = new(bufferSize: 64 * 1024, minimumReadSize: 8 * 1024, leaveOpen: true);
    private readonly Socket _socket;
    private readonly PipeReader _reader;

    private AmqpSocket(Socket socket, Stream stream, TimeProvider time)
    {
        _socket = socket;
        Stream = stream;
        _reader = PipeReader.Create(stream, s_reading);
        Silence = new SilenceWatch(time, socket);
    }

    public Stream Stream { get; }

    /// <summary>Gives a silent server up, once it is started.</summary>
    public SilenceWatch Silence { get; }

    /// <param name="host">The server's name or address.</param>
    /// <param name="port">Its port.</param>
    /// <param name="tls">How TLS is spoken; null without.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    /// <exception cref="SocketException">Nobody is there.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The certificate is refused.</exception>
    public static async Task<AmqpSocket> ConnectAsync(string host, int port, SslClientAuthenticationOptions? tls, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            var plain = new NetworkStream(socket, ownsSocket: false);
            if (tls is null)
            {
                return new AmqpSocket(socket, plain, time);
            }
            var encrypted = new SslStream(plain);
            await encrypted.AuthenticateAsClientAsync(tls, cancellationToken).ConfigureAwait(false);
            return new AmqpSocket(socket, encrypted, time);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What has come and was not worked through; empty at the end.</summary>
    public async ValueTask<ReadOnlySequence<byte>> ReadAsync(CancellationToken cancellationToken = default)
    {
        Silence.Waiting();
        try
        {
            var read = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            // What remains of a frame that the end has cut is of no use.
            return read.IsCompleted ? default : read.Buffer;
        }
        finally
        {
            Silence.Received();
        }
    }

    /// <summary>Everything before the rest is worked through.</summary>
    /// <param name="rest">What is left.</param>
    /// <param name="isLooked">True where the rest is no whole frame: the next read waits for more. False hands it out again.</param>
    public void Advance(ReadOnlySequence<byte> rest, bool isLooked) => _reader.AdvanceTo(rest.Start, isLooked ? rest.End : rest.Start);

    public void Dispose()
    {
        Silence.Dispose();
        _socket.Dispose();
    }
}
