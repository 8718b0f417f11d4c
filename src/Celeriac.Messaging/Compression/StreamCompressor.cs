using System.Buffers;
using System.Runtime.InteropServices;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Compression;

/// <summary>A method over one of the runtime's streams.</summary>
internal abstract class StreamCompressor(string name, params IReadOnlyList<string> aliases) : Compressor(name, aliases)
{
    private const int FirstBuffer = 4096;

    public override byte[] Compress(ReadOnlyMemory<byte> body)
    {
        using var compressed = new MemoryStream();
        using (var stream = Compressing(compressed))
        {
            stream.Write(body.Span);
        }
        return compressed.ToArray();
    }

    public override byte[] Decompress(ReadOnlyMemory<byte> body, int maximumBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumBytes);
        RequireBeginning(body.Span);
        try
        {
            using var stream = Decompressing(AsStream(body));
            return ReadAll(stream, body.Length, maximumBytes);
        }
        catch (Exception error) when (error is InvalidDataException or InvalidOperationException or IOException)
        {
            throw Damaged(error);
        }
    }

    /// <summary>A stream that writes compressed bytes and leaves the other open.</summary>
    protected abstract Stream Compressing(Stream compressed);

    /// <summary>A stream that reads plain bytes.</summary>
    protected abstract Stream Decompressing(Stream compressed);

    /// <summary>Refuses what cannot be the beginning of this method's stream.</summary>
    /// <exception cref="ContentException">It cannot be one.</exception>
    protected abstract void RequireBeginning(ReadOnlySpan<byte> body);

    protected ContentException Damaged(Exception? error = null) =>
        new($"The body cannot be decompressed with {this}: it is damaged or truncated. Let the sender send it again, whole.", error);

    private static MemoryStream AsStream(ReadOnlyMemory<byte> body) =>
        MemoryMarshal.TryGetArray(body, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(body.ToArray(), writable: false);

    // The buffer doubles with what really came out, up to one byte over the limit: the compressed size promises nothing.
    private static byte[] ReadAll(Stream stream, int compressedBytes, int maximumBytes)
    {
        var limit = (int)Math.Min((long)maximumBytes + 1, Array.MaxLength);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, Math.Max(FirstBuffer, compressedBytes * 2L)));
        try
        {
            var filled = 0;
            while (filled < limit && stream.Read(buffer.AsSpan(filled, Math.Min(buffer.Length, limit) - filled)) is var count and > 0)
            {
                filled += count;
                if (filled == buffer.Length)
                {
                    Grow(ref buffer, filled, limit);
                }
            }
            return filled <= maximumBytes
                ? buffer.AsSpan(0, filled).ToArray()
                : throw new ContentTooLargeException($"The body decompresses to more than {maximumBytes} bytes. Send less, or raise MaximumBodyBytes.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Grow(ref byte[] buffer, int filled, int limit)
    {
        if (filled >= limit)
        {
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, buffer.Length * 2L));
        buffer.AsSpan(0, filled).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
