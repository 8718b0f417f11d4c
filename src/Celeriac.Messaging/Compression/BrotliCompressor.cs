using System.IO.Compression;

namespace Celeriac.Messaging.Compression;

/// <summary>Brotli (RFC 7932).</summary>
internal sealed class BrotliCompressor() : StreamCompressor("application/x-brotli", "brotli")
{
    protected override Stream Compressing(Stream compressed) => new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true);

    protected override Stream Decompressing(Stream compressed) => new BrotliStream(compressed, CompressionMode.Decompress);

    protected override void RequireBeginning(ReadOnlySpan<byte> body)
    {
        // The stream answers an empty body with an empty text.
        if (body.IsEmpty)
        {
            throw Damaged();
        }
    }
}
