using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Compression;

/// <summary>A compression method for bodies. The header <c>compression</c> carries its name; the content type still names the serializer.</summary>
public abstract class Compressor
{
    /// <summary>The message header that names the method.</summary>
    public const string Header = "compression";

    /// <summary>Describes a method.</summary>
    /// <param name="name">The name in the header, for example <c>application/x-gzip</c>.</param>
    /// <param name="aliases">Further names that are understood.</param>
    protected Compressor(string name, params IReadOnlyList<string> aliases)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
        Aliases = [.. aliases];
    }

    /// <summary>Celery's <c>application/x-gzip</c> (aliases <c>gzip</c>, <c>zlib</c>): a zlib stream after RFC 1950, not a gzip file.</summary>
    public static Compressor Zlib { get; } = new ZlibCompressor();

    /// <summary><c>application/x-brotli</c> (alias <c>brotli</c>).</summary>
    public static Compressor Brotli { get; } = new BrotliCompressor();

    /// <summary>The name in the header.</summary>
    public string Name { get; }

    /// <summary>Further names that are understood, the customary one last.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>Compresses a body.</summary>
    public abstract byte[] Compress(ReadOnlyMemory<byte> body);

    /// <summary>Decompresses a body. Never holds more than a small multiple of <paramref name="maximumBytes"/>, whatever the body claims.</summary>
    /// <exception cref="ContentException">The body is damaged or truncated, or its plain form is longer than <paramref name="maximumBytes"/>.</exception>
    public abstract byte[] Decompress(ReadOnlyMemory<byte> body, int maximumBytes);

    /// <summary>The customary and the wire name, for lists in errors.</summary>
    public override string ToString() => Aliases.Count == 0 ? Name : $"{Aliases[^1]} ({Name})";

    /// <summary>The error for a body that is not a whole stream of this method.</summary>
    protected ContentException Damaged(Exception? error = null) =>
        new($"The body cannot be decompressed with {this}: it is damaged or truncated. Let the sender send it again, whole.", error);

    internal bool IsCalled(string name) =>
        Name.Equals(name, StringComparison.OrdinalIgnoreCase) || Aliases.Contains(name, StringComparer.OrdinalIgnoreCase);
}
