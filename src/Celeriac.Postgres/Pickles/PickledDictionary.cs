using System.Globalization;
using System.Numerics;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Postgres.Pickles;

/// <summary>A Python dictionary with the keys as JSON has them: in order, each once, the last value of a key holds.</summary>
internal sealed class PickledDictionary
{
    private readonly OrderedDictionary<string, object?> _items = new(StringComparer.Ordinal);

    /// <summary>The items in Python's order.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Items => _items;

    /// <summary>Sets an item; keys become what Python's json writes for them.</summary>
    /// <exception cref="ContentException">The key is neither a text nor a number, boolean or None.</exception>
    public void Set(object? key, object? value) => _items[key switch
    {
        string text => text,
        // Longer ones are texts of hundreds of digits, which a short pickle could have made of one number a million times.
        BigInteger number when number.GetByteCount() <= 16 => number.ToString(CultureInfo.InvariantCulture),
        true => "true",
        false => "false",
        null => "null",
        _ => throw new ContentException("The pickle has a dictionary with a key that JSON cannot have. Let the task return dictionaries with texts or whole numbers of at most 16 bytes as keys."),
    }] = value;
}
