using System.IO.Compression;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Compression;

/// <summary>Zlib (RFC 1950), which Kombu calls <c>application/x-gzip</c>.</summary>
internal sealed class ZlibCompressor() : StreamCompressor("application/x-gzip", "gzip", "zlib")
{
    private const int SmallestStream = 8;

    protected override Stream Compressing(Stream compressed) => new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true);

    protected override Stream Decompressing(Stream compressed) => new ZLibStream(compressed, CompressionMode.Decompress);

    protected override void RequireBeginning(ReadOnlySpan<byte> body)
    {
        if (body is [0x1F, 0x8B, ..])
        {
            throw new ContentException($"The body is a gzip file, but '{Name}' means a zlib stream (RFC 1950) in Celery, which refuses gzip too. Let the sender use zlib.");
        }
        // The stream answers an empty body with an empty text; the header is a multiple of 31.
        if (body.Length < SmallestStream || (body[0] & 0x0F) != 8 || (body[0] * 256 + body[1]) % 31 != 0)
        {
            throw Damaged();
        }
    }
}
