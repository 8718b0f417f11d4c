using System.Collections;
using System.Runtime.CompilerServices;

namespace Celeriac.Stomp;

/// <summary>
/// The headers of a frame in their order, immutable. A name may be repeated: as STOMP 1.2 says, its first occurrence counts.
/// Written as a collection expression: <c>StompHeaders headers = [new("persistent", "true"), new("priority", "4")];</c>.
/// </summary>
[CollectionBuilder(typeof(StompHeaders), nameof(Create))]
public sealed class StompHeaders : IReadOnlyList<KeyValuePair<string, string>>
{
    private readonly KeyValuePair<string, string>[] _items;

    internal StompHeaders(KeyValuePair<string, string>[] items) => _items = items;

    /// <summary>No headers.</summary>
    public static StompHeaders Empty { get; } = new([]);

    /// <summary>How many headers there are, repeated ones included.</summary>
    public int Count => _items.Length;

    /// <summary>The header at a position.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such position.</exception>
    public KeyValuePair<string, string> this[int index] => _items[index];

    /// <summary>Headers with a copy of the given names and values, unescaped.</summary>
    public static StompHeaders Create(ReadOnlySpan<KeyValuePair<string, string>> headers) => headers.IsEmpty ? Empty : new(headers.ToArray());

    /// <summary>The value of the first header with this name (names are case-sensitive), or null if there is none.</summary>
    public string? Find(string name)
    {
        foreach (var (key, value) in _items)
        {
            if (string.Equals(key, name, StringComparison.Ordinal))
            {
                return value;
            }
        }
        return null;
    }

    /// <summary>These headers with one more at the end. A header of the same name that is there already goes on to count.</summary>
    public StompHeaders With(string name, string value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        return new([.. _items, new(name, value)]);
    }

    /// <summary>These headers followed by others.</summary>
    public StompHeaders With(StompHeaders others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return others.Count == 0 ? this : Count == 0 ? others : new([.. _items, .. others._items]);
    }

    /// <summary>The headers in order.</summary>
    public ReadOnlySpan<KeyValuePair<string, string>> AsSpan() => _items;

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}
