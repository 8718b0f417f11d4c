namespace Celeriac.Messaging.Serialization;

/// <summary>A kind of body: its short name as in Celery's settings, its media types and the character encoding senders write beside them.</summary>
public sealed class ContentFormat
{
    /// <summary>Describes a format.</summary>
    /// <param name="name">The short name, for example <c>json</c>.</param>
    /// <param name="encoding"><c>utf-8</c> for text, <c>binary</c> for bytes.</param>
    /// <param name="mediaTypes">The media types, the one that is written first, without parameters.</param>
    /// <exception cref="ArgumentException">A name is empty, there is no media type, or the format is pickle.</exception>
    public ContentFormat(string name, string encoding, params IReadOnlyList<string> mediaTypes)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentException.ThrowIfNullOrWhiteSpace(encoding);
        ArgumentNullException.ThrowIfNull(mediaTypes);
        if (mediaTypes.Count == 0 || mediaTypes.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException($"Format '{name}' has no media type. Give at least one, for example \"application/{name}\".", nameof(mediaTypes));
        }
        if (mediaTypes.Append(name).Any(IsPickle))
        {
            throw new ArgumentException(NeverPickle, nameof(name));
        }
        Name = name;
        Encoding = encoding;
        MediaTypes = [.. mediaTypes];
    }

    /// <summary><c>json</c>: <c>application/json</c> in UTF-8.</summary>
    public static ContentFormat Json { get; } = new("json", "utf-8", "application/json");

    /// <summary><c>text</c>: <c>text/plain</c> in UTF-8, also read as <c>application/text</c>.</summary>
    public static ContentFormat Text { get; } = new("text", "utf-8", "text/plain", "application/text");

    /// <summary><c>bytes</c>: <c>application/data</c> as Kombu writes it, also read as <c>application/octet-stream</c>.</summary>
    public static ContentFormat Bytes { get; } = new("bytes", "binary", "application/data", "application/octet-stream");

    /// <summary>The short name.</summary>
    public string Name { get; }

    /// <summary>The media type that is written.</summary>
    public string MediaType => MediaTypes[0];

    /// <summary>The media types that are read.</summary>
    public IReadOnlyList<string> MediaTypes { get; }

    /// <summary>The content encoding that is written: <c>utf-8</c> or <c>binary</c>.</summary>
    public string Encoding { get; }

    /// <summary>How bodies of this format become JSON and back; null where they do not, as with text and bytes, or need not, as with json.</summary>
    public IJsonTranslation? Translation { get; init; }

    /// <summary>True when the body is UTF-8 text.</summary>
    public bool IsText => Encoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name and the media type, for lists in errors.</summary>
    public override string ToString() => $"{Name} ({MediaType})";

    internal const string NeverPickle =
        "Content type 'application/x-python-serialize' (pickle) is refused: Celeriac never reads pickle, because reading it runs code. Let the sender use json.";

    internal static bool IsPickle(string nameOrMediaType) =>
        nameOrMediaType.Trim().ToLowerInvariant() is "pickle" or "application/x-python-serialize";

    internal bool IsCalled(string nameOrMediaType) =>
        Name.Equals(nameOrMediaType, StringComparison.OrdinalIgnoreCase) || HasMediaType(nameOrMediaType);

    internal bool HasMediaType(ReadOnlySpan<char> mediaType)
    {
        for (var index = 0; index < MediaTypes.Count; index++)
        {
            if (mediaType.Equals(MediaTypes[index], StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }
}
