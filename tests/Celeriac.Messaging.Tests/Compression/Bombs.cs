using System.IO.Compression;

namespace Celeriac.Messaging.Tests.Compression;

/// <summary>Bodies that are small and promise gigabytes of zeros.</summary>
internal static class Bombs
{
    private const int Megabyte = 1024 * 1024;

    // A flush ends a deflate block on a byte boundary, so one compressed megabyte can be repeated without compressing it again.
    internal static byte[] Zlib(int gigabytes)
    {
        using var stream = new MemoryStream();
        using var zlib = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true);
        zlib.Write(new byte[Megabyte]);
        zlib.Flush();
        var first = stream.ToArray();
        zlib.Write(new byte[Megabyte]);
        zlib.Flush();
        var next = stream.ToArray()[first.Length..];
        return [.. first, .. Enumerable.Repeat(next, gigabytes * 1024).SelectMany(block => block)];
    }

    internal static byte[] Brotli(int gigabytes)
    {
        using var stream = new MemoryStream();
        using (var brotli = new BrotliStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[16 * Megabyte];
            for (var written = 0L; written < gigabytes * 1024L * Megabyte; written += zeros.Length)
            {
                brotli.Write(zeros);
            }
        }
        return stream.ToArray();
    }
}
