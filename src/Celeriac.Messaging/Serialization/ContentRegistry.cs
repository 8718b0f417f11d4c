using Celeriac.Messaging.Compression;

namespace Celeriac.Messaging.Serialization;

/// <summary>
/// Which bodies are read: the formats and compression methods known, the formats accepted, and the limits. Immutable; the type and the sizes are
/// checked before a body is decompressed or parsed.
/// </summary>
/// <example><c>ContentRegistry.Default.Accepting("json") with { MaximumBodyBytes = 1_000_000 }</c></example>
public sealed record ContentRegistry
{
    private const byte ByteOrderMark = 0xEF;
    private readonly int _maximumBodyBytes = 64 * 1024 * 1024;
    private readonly int _maximumDepth = 64;

    private ContentRegistry()
    {
    }

    /// <summary>Knows and accepts json, text and bytes, each plain or compressed with zlib or brotli.</summary>
    public static ContentRegistry Default { get; } = new();

    /// <summary>The formats that <see cref="Accepting"/> may name.</summary>
    public IReadOnlyList<ContentFormat> Known { get; private init; } = [ContentFormat.Json, ContentFormat.Text, ContentFormat.Bytes];

    /// <summary>The formats that are read.</summary>
    public IReadOnlyList<ContentFormat> Accepted { get; private init; } = [ContentFormat.Json, ContentFormat.Text, ContentFormat.Bytes];

    /// <summary>The compression methods that are read and written.</summary>
    public IReadOnlyList<Compressor> Compressors { get; private init; } = [Compressor.Zlib, Compressor.Brotli];

    /// <summary>The longest body in bytes, before and after decompression; default 64 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int MaximumBodyBytes
    {
        get => _maximumBodyBytes;
        init => _maximumBodyBytes = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "MaximumBodyBytes must be at least 1.");
    }

    /// <summary>How deep arrays and objects in a json body may nest; default 64, at most 1000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    public int MaximumDepth
    {
        get => _maximumDepth;
        init => _maximumDepth = value is >= 1 and <= 1000 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "MaximumDepth must be from 1 to 1000.");
    }

    /// <summary>This registry with an allow-list: exactly the formats named are accepted.</summary>
    /// <param name="namesOrMediaTypes">Short names (<c>json</c>) or media types (<c>application/json</c>).</param>
    /// <exception cref="ArgumentException">A name is unknown, or pickle.</exception>
    public ContentRegistry Accepting(params IReadOnlyList<string> namesOrMediaTypes)
    {
        ArgumentNullException.ThrowIfNull(namesOrMediaTypes);
        return this with { Accepted = [.. namesOrMediaTypes.Select(Find).Distinct()] };
    }

    /// <summary>This registry with one more format, known and accepted; a format of the same name is replaced. Its bodies are read as bytes, and as json where it has a <see cref="ContentFormat.Translation"/>.</summary>
    public ContentRegistry With(ContentFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return this with
        {
            Known = [.. Known.Where(known => known.Name != format.Name), format],
            Accepted = [.. Accepted.Where(accepted => accepted.Name != format.Name), format],
        };
    }

    /// <summary>This registry with one more compression method; a method of the same name is replaced.</summary>
    public ContentRegistry With(Compressor compressor)
    {
        ArgumentNullException.ThrowIfNull(compressor);
        return this with { Compressors = [.. Compressors.Where(known => known.Name != compressor.Name), compressor] };
    }

    /// <summary>The known format with a short name or media type.</summary>
    /// <exception cref="ArgumentException">There is none, or it is pickle.</exception>
    public ContentFormat Find(string nameOrMediaType)
    {
        ArgumentNullException.ThrowIfNull(nameOrMediaType);
        if (ContentFormat.IsPickle(nameOrMediaType))
        {
            throw new ArgumentException(ContentFormat.NeverPickle, nameof(nameOrMediaType));
        }
        return Known.FirstOrDefault(format => format.IsCalled(nameOrMediaType.Trim())) ?? throw new ArgumentException(
            $"Content '{ContentException.Shown(nameOrMediaType)}' is unknown. {DidYouMean.Sentence(nameOrMediaType, Known.Select(format => format.Name))}"
            + $"Known: {string.Join(", ", Known)}. Name one of these, or add the format first.", nameof(nameOrMediaType));
    }

    /// <summary>The compression method with a name or alias.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public Compressor FindCompressor(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Named(name) ?? throw new ArgumentException($"{UnknownCompression(name)} Name one of these.", nameof(name));
    }

    /// <summary>The accepted format of a content type as it stands on a message. A missing one means bytes, as in Kombu.</summary>
    /// <exception cref="ContentRefusedException">The content type is unknown, not accepted, or names a character set other than UTF-8.</exception>
    public ContentFormat Require(string? contentType)
    {
        var text = (contentType ?? ContentFormat.Bytes.MediaType).AsSpan();
        var end = text.IndexOf(';');
        var mediaType = (end < 0 ? text : text[..end]).Trim();
        // By index, here and in the format: asked for every message, and an enumerator would be an allocation.
        for (var index = 0; index < Accepted.Count; index++)
        {
            if (Accepted[index] is var format && format.HasMediaType(mediaType))
            {
                return end < 0 || ContentParameters.AreUtf8(text[(end + 1)..])
                    ? format
                    : throw new ContentRefusedException(
                        $"Content type '{ContentException.Shown(contentType!)}' names a character set that is not read. Let the sender write UTF-8.", contentType);
            }
        }
        throw Refused(contentType, mediaType.ToString());
    }

    /// <summary>Checks a message's type, encoding and size, decompresses it, and gives the plain body.</summary>
    /// <exception cref="ContentRefusedException">The content type or encoding is not accepted. The body was not looked at.</exception>
    /// <exception cref="ContentException">The body is too large, cannot be decompressed, or begins with a byte order mark.</exception>
    public OpenedContent Open(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var format = Require(message.ContentType);
        if (format.IsText && !ContentParameters.IsReadableEncoding(message.ContentEncoding))
        {
            throw new ContentRefusedException(
                $"Content encoding '{ContentException.Shown(message.ContentEncoding!)}' is not read with {format}. Let the sender write utf-8.",
                message.ContentType);
        }
        if (message.Body.Length > MaximumBodyBytes)
        {
            throw new ContentTooLargeException(
                $"The body has {message.Body.Length} bytes, but at most {MaximumBodyBytes} are read. Send less, or raise MaximumBodyBytes.");
        }
        var body = Decompress(message);
        if (format.IsText && body.Span is [ByteOrderMark, 0xBB, 0xBF, ..])
        {
            throw new ContentException($"The {format.Name} body begins with a UTF-8 byte order mark, which Celery refuses too. Let the sender leave it out.");
        }
        return new OpenedContent(format, body);
    }

    private ReadOnlyMemory<byte> Decompress(Message message)
    {
        var header = message.Headers[Compression.Compressor.Header];
        if (header.IsNull)
        {
            return message.Body;
        }
        var compressor = header.Kind == HeaderKind.Text ? Named(header.AsText()) : null;
        return compressor is not null
            ? compressor.Decompress(message.Body, MaximumBodyBytes)
            : throw new ContentException($"{UnknownCompression(header.ToString())} Let the sender use one of these or none.");
    }

    private string UnknownCompression(string name) =>
        $"Compression '{ContentException.Shown(name)}' is unknown. Known: {string.Join(", ", Compressors)}.";

    private Compressor? Named(string name) => Compressors.FirstOrDefault(compressor => compressor.IsCalled(name.Trim()));

    private ContentRefusedException Refused(string? contentType, string mediaType)
    {
        if (ContentFormat.IsPickle(mediaType))
        {
            return new ContentRefusedException(ContentFormat.NeverPickle, contentType);
        }
        var accepted = Accepted.Count == 0 ? "nothing" : string.Join(", ", Accepted);
        var shown = contentType is null ? "A message without content type counts as bytes and" : $"Content type '{ContentException.Shown(contentType)}'";
        return new ContentRefusedException(
            $"{shown} is not accepted here. Accepted: {accepted}. Let the sender use one of these, or accept it.", contentType);
    }
}

/// <summary>A body that passed the checks of a <see cref="ContentRegistry"/>.</summary>
/// <param name="Format">Its format.</param>
/// <param name="Body">The plain bytes, decompressed; the message's own where it was not compressed.</param>
public readonly record struct OpenedContent(ContentFormat Format, ReadOnlyMemory<byte> Body);
