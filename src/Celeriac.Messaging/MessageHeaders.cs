using System.Collections;

namespace Celeriac.Messaging;

/// <summary>
/// The headers of a message: an immutable, ordered map from name to <see cref="HeaderValue"/>.
/// Built from pairs, or from <see cref="HeaderCodec"/> bytes that are decoded at the first look.
/// </summary>
public sealed class MessageHeaders : IReadOnlyList<KeyValuePair<string, HeaderValue>>, IEquatable<MessageHeaders>
{
    private KeyValuePair<string, HeaderValue>[]? _items;
    private ReadOnlyMemory<byte> _encoded;

    /// <summary>Headers from pairs, in their order.</summary>
    /// <exception cref="ArgumentException">A name is empty or occurs twice.</exception>
    public MessageHeaders(IEnumerable<KeyValuePair<string, HeaderValue>> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _items = [.. items];
        if (FaultOf(_items) is { } fault)
        {
            throw new ArgumentException(fault, nameof(items));
        }
    }

    private MessageHeaders(KeyValuePair<string, HeaderValue>[] items) => _items = items;

    private MessageHeaders(ReadOnlyMemory<byte> encoded) => _encoded = encoded;

    /// <summary>No headers.</summary>
    public static MessageHeaders Empty { get; } = FromChecked([]);

    /// <summary>Headers as <see cref="HeaderCodec.Encode(MessageHeaders)"/> wrote them, decoded at the first look.</summary>
    public static MessageHeaders FromEncoded(ReadOnlyMemory<byte> encoded) => encoded.IsEmpty ? Empty : new(encoded);

    /// <inheritdoc/>
    public int Count => Items.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, HeaderValue> this[int index] => Items[index];

    /// <summary>The value of the header, or <see cref="HeaderValue.Null"/> where it is absent (Celery treats the two alike).</summary>
    public HeaderValue this[string name]
    {
        get
        {
            // Messages carry about 16 headers: a scan is cheaper than building a dictionary for each message.
            foreach (var item in Items)
            {
                if (item.Key == name)
                {
                    return item.Value;
                }
            }
            return default;
        }
    }

    /// <summary>True when the header is present and not null.</summary>
    public bool Has(string name) => !this[name].IsNull;

    /// <summary>The text of the header, or null where it is absent or of another kind.</summary>
    public string? TextOf(string name) => this[name] is { Kind: HeaderKind.Text } value ? value.AsText() : null;

    /// <summary>These headers with one set or, where the name exists, replaced.</summary>
    public MessageHeaders With(string name, HeaderValue value) =>
        new(Items.Where(item => item.Key != name).Append(new(name, value)));

    /// <summary>These headers without one.</summary>
    public MessageHeaders Without(string name) => new(Items.Where(item => item.Key != name));

    /// <summary>Equal when both hold the same names and values, in any order.</summary>
    public bool Equals(MessageHeaders? other) =>
        other is not null && Count == other.Count && Items.All(item => other.Contains(item.Key) && other[item.Key] == item.Value);

    /// <summary>True when the header is present, null or not.</summary>
    public bool Contains(string name) => Items.Any(item => item.Key == name);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MessageHeaders);
    /// <inheritdoc/>
    public override int GetHashCode() => Count;
    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, HeaderValue>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, HeaderValue>>)Items).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private KeyValuePair<string, HeaderValue>[] Items => _items ??= HeaderDecoding.Items(_encoded.Span);

    internal ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>Headers from items that <see cref="FaultOf"/> found faultless. The array is not copied.</summary>
    internal static MessageHeaders FromChecked(KeyValuePair<string, HeaderValue>[] items) => new(items);

    /// <summary>What is wrong with the names, as a sentence; null where nothing is.</summary>
    internal static string? FaultOf(ReadOnlySpan<KeyValuePair<string, HeaderValue>> items)
    {
        // A few headers are compared pair by pair without allocating; many, which only an attack sends, must not cost the square of their number.
        var names = items.Length > 32 ? new HashSet<string>(StringComparer.Ordinal) : null;
        for (var index = 0; index < items.Length; index++)
        {
            var name = items[index].Key;
            if (string.IsNullOrEmpty(name))
            {
                return "A header has an empty name. Give every header a name.";
            }
            if (names is null ? Occurs(items[..index], name) : !names.Add(name))
            {
                return $"Header '{name}' is given twice. A name may occur once.";
            }
        }
        return null;
    }

    private static bool Occurs(ReadOnlySpan<KeyValuePair<string, HeaderValue>> items, string name)
    {
        foreach (var item in items)
        {
            if (item.Key == name)
            {
                return true;
            }
        }
        return false;
    }
}
