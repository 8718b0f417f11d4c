using System.Buffers.Binary;
using System.Net.Sockets;

namespace Celeriac.Working.Processes;

/// <summary>
/// Frames over a local socket: four bytes of length, one of kind, the payload. No handle of it is inherited by anybody, so its end is the end of the other side.
/// </summary>
internal sealed class FrameConnection(Socket socket) : IDisposable
{
    private const int HeadLength = 5;
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly SemaphoreSlim _sending = new(1);

    /// <exception cref="ArgumentException">The payload is longer than a frame may be.</exception>
    /// <exception cref="IOException">The other side is gone.</exception>
    public async Task SendAsync(FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        var head = HeadOf(kind, payload.Length);
        await _sending.WaitAsync().ConfigureAwait(false);
        try
        {
            await _stream.WriteAsync(head).ConfigureAwait(false);
            await _stream.WriteAsync(payload).ConfigureAwait(false);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The same without the thread pool, which a task may keep busy.</summary>
    /// <inheritdoc cref="SendAsync"/>
    public void Send(FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        var head = HeadOf(kind, payload.Length);
        lock (_stream)
        {
            _stream.Write(head);
            _stream.Write(payload.Span);
        }
    }

    /// <summary>The next frame; null at the end.</summary>
    /// <exception cref="InvalidDataException">What came is no frame.</exception>
    public async Task<Frame?> ReceiveAsync(CancellationToken cancellationToken)
    {
        var head = new byte[HeadLength];
        if (await _stream.ReadAtLeastAsync(head, HeadLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < HeadLength)
        {
            return null;
        }
        var payload = new byte[LengthIn(head)];
        await _stream.ReadExactlyAsync(payload, cancellationToken).ConfigureAwait(false);
        return new Frame((FrameKind)head[4], payload);
    }

    /// <inheritdoc cref="ReceiveAsync"/>
    public Frame? Receive()
    {
        Span<byte> head = stackalloc byte[HeadLength];
        if (_stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false) < HeadLength)
        {
            return null;
        }
        var payload = new byte[LengthIn(head)];
        _stream.ReadExactly(payload);
        return new Frame((FrameKind)head[4], payload);
    }

    /// <summary>Says that nothing more comes: the other side reads to the end and leaves.</summary>
    public void FinishSending()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }

    public void Dispose() => _stream.Dispose();

    private static byte[] HeadOf(FrameKind kind, int length)
    {
        if (length > Frame.Largest)
        {
            throw new ArgumentException($"A message between the worker and its child process would be {length} bytes long, but at most {Frame.Largest} are carried. Keep large data in a store and pass its name.");
        }
        var head = new byte[HeadLength];
        BinaryPrimitives.WriteInt32LittleEndian(head, length);
        head[4] = (byte)kind;
        return head;
    }

    private static int LengthIn(ReadOnlySpan<byte> head)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        return length is >= 0 and <= Frame.Largest
            ? length
            : throw new InvalidDataException($"A frame of the process pool announces {length} bytes, but has at most {Frame.Largest}.");
    }
}
