using System.Net.Sockets;
using Celeriac.Amqp.Links;

namespace Celeriac.Amqp.Library;

/// <summary>
/// The stream that RabbitMQ.Client reads and writes, with <see cref="MendingFrames"/> in between. The library takes a <see cref="NetworkStream"/> only; with TLS the bytes go through
/// the encrypted stream over the same socket.
/// </summary>
/// <param name="socket">The socket.</param>
/// <param name="inner">What is read and written: the socket's stream, or TLS over it.</param>
/// <param name="watch">Told when the reader waits and when it has got something.</param>
internal sealed class MendingStream(Socket socket, Stream inner, SilenceWatch watch) : NetworkStream(socket, ownsSocket: false)
{
    private readonly MendingFrames _frames = new();
    private readonly GatheredWrites _writes = new(inner);
    private byte[] _buffer = new byte[16 * 1024];
    private int _ready;
    private int _start;
    private int _end;

    /// <summary>How many messages the library writes next without waiting (<see cref="GatheredWrites.InLine"/>).</summary>
    public Func<int>? InLine
    {
        set => _writes.InLine = value;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_ready == 0)
        {
            MakeRoom();
            var read = await FillAsync(cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return 0;
            }
            _end += read;
            _ready = _frames.Pass(_buffer.AsSpan(_start, _end - _start));
        }
        var count = Math.Min(_ready, buffer.Length);
        _buffer.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        _ready -= count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _writes.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _writes.WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _writes.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
        base.Dispose(disposing);
    }

    private async ValueTask<int> FillAsync(CancellationToken cancellationToken)
    {
        watch.Waiting();
        try
        {
            return await inner.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (watch.Verdict is { } verdict)
        {
            throw new IOException(verdict, error);
        }
        finally
        {
            watch.Received();
        }
    }

    /// <summary>Held back is at most one content header; the buffer grows to it and goes back to its size when it has passed.</summary>
    private void MakeRoom()
    {
        var held = _end - _start;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, held).CopyTo(_buffer);
            (_start, _end) = (0, held);
        }
        if (held == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
