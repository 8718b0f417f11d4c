using System.Buffers;
using System.IO.Compression;

namespace Celeriac.Messaging.Compression;

/// <summary>Brotli (RFC 7932).</summary>
internal sealed class BrotliCompressor() : Compressor("application/x-brotli", "brotli")
{
    public override byte[] Compress(ReadOnlyMemory<byte> body)
    {
        using var compressed = new MemoryStream();
        using (var stream = new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(body.Span);
        }
        return compressed.ToArray();
    }

    // The decoder and not the stream: the stream takes a body that was cut near its end for a whole one.
    public override byte[] Decompress(ReadOnlyMemory<byte> body, int maximumBytes)
    {
        using var plain = new BoundedBuffer(body.Length, maximumBytes);
        using var decoder = new BrotliDecoder();
        var rest = body.Span;
        OperationStatus status;
        do
        {
            status = decoder.Decompress(rest, plain.Free(), out var consumed, out var written);
            rest = rest[consumed..];
            plain.Advance(written);
        }
        while (status == OperationStatus.DestinationTooSmall);
        // A plain body one byte over the limit fits into the buffer to the end: asking for more room refuses it.
        plain.Free();
        return status == OperationStatus.Done && rest.IsEmpty ? plain.ToArray() : throw Damaged();
    }
}
