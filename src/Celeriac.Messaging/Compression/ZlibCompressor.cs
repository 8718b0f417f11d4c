using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Compression;

/// <summary>Zlib (RFC 1950), which Kombu calls <c>application/x-gzip</c>.</summary>
internal sealed class ZlibCompressor() : Compressor("application/x-gzip", "gzip", "zlib")
{
    private const int ChecksumBytes = 4;
    private static readonly byte[] EmptyStream = [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];

    public override byte[] Compress(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
        {
            // The runtime's stream writes nothing at all for an empty body, which no reader takes for a zlib stream.
            return [.. EmptyStream];
        }
        using var compressed = new MemoryStream();
        using (var stream = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(body.Span);
        }
        return compressed.ToArray();
    }

    public override byte[] Decompress(ReadOnlyMemory<byte> body, int maximumBytes)
    {
        RequireBeginning(body.Span);
        using var plain = new BoundedBuffer(body.Length, maximumBytes);
        try
        {
            using var stream = new ZLibStream(AsStream(body), CompressionMode.Decompress);
            while (stream.Read(plain.Free()) is var count and > 0)
            {
                plain.Advance(count);
            }
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw Damaged(error);
        }
        var bytes = plain.ToArray();
        // The runtime's stream does not notice that a checksum was cut off.
        return BinaryPrimitives.ReadUInt32BigEndian(body.Span[^ChecksumBytes..]) == Adler32(bytes) ? bytes : throw Damaged();
    }

    private void RequireBeginning(ReadOnlySpan<byte> body)
    {
        if (body is [0x1F, 0x8B, ..])
        {
            throw new ContentException(
                $"The body is a gzip file, but '{Name}' means a zlib stream (RFC 1950) in Celery, which refuses gzip too. Let the sender use zlib.");
        }
        // The method is 8, and the two header bytes are a multiple of 31.
        if (body.Length < EmptyStream.Length || (body[0] & 0x0F) != 8 || (body[0] * 256 + body[1]) % 31 != 0)
        {
            throw Damaged();
        }
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> body) =>
        MemoryMarshal.TryGetArray(body, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(body.ToArray(), writable: false);

    private static uint Adler32(ReadOnlySpan<byte> bytes)
    {
        // 5552 is the longest run for which the sums stay within 32 bits.
        const int run = 5552;
        const uint modulus = 65521;
        var (low, high) = (1u, 0u);
        while (!bytes.IsEmpty)
        {
            foreach (var value in bytes[..Math.Min(run, bytes.Length)])
            {
                low += value;
                high += low;
            }
            (low, high) = (low % modulus, high % modulus);
            bytes = bytes[Math.Min(run, bytes.Length)..];
        }
        return (high << 16) | low;
    }
}
