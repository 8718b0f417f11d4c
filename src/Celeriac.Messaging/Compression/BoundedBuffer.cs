using System.Buffers;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Compression;

/// <summary>
/// Collects decompressed bytes up to a limit. It doubles with what really came out, never with what the compressed body promises,
/// and ends at one byte over the limit.
/// </summary>
internal sealed class BoundedBuffer : IDisposable
{
    private const int Smallest = 4096;
    private readonly int _maximumBytes;
    private readonly int _limit;
    private byte[] _buffer;

    internal BoundedBuffer(int compressedBytes, int maximumBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumBytes);
        _maximumBytes = maximumBytes;
        _limit = (int)Math.Min(maximumBytes + 1L, Array.MaxLength);
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(_limit, Math.Max(Smallest, compressedBytes * 2L)));
    }

    internal int Length { get; private set; }

    /// <summary>Where the next bytes go; never empty.</summary>
    /// <exception cref="ContentException">There are more bytes than the limit allows.</exception>
    internal Span<byte> Free()
    {
        if (Length > _maximumBytes)
        {
            throw new ContentTooLargeException($"The body decompresses to more than {_maximumBytes} bytes. Send less, or raise MaximumBodyBytes.");
        }
        if (Length == _buffer.Length)
        {
            Grow();
        }
        return _buffer.AsSpan(Length, Math.Min(_buffer.Length, _limit) - Length);
    }

    internal void Advance(int count) => Length += count;

    internal byte[] ToArray() => _buffer.AsSpan(0, Length).ToArray();

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(_limit, _buffer.Length * 2L));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
