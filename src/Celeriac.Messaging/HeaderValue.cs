using System.Globalization;
using System.Text;

namespace Celeriac.Messaging;

/// <summary>What a <see cref="HeaderValue"/> holds. The set is what every transport can carry without loss.</summary>
public enum HeaderKind
{
    /// <summary>No value. Celery writes <c>null</c> for options that were not given and readers treat it as absent.</summary>
    Null,
    /// <summary>A boolean.</summary>
    Bool,
    /// <summary>A signed integer of up to 64 bits.</summary>
    Long,
    /// <summary>A 64-bit floating point number.</summary>
    Double,
    /// <summary>Text.</summary>
    Text,
    /// <summary>Bytes.</summary>
    Bytes,
    /// <summary>A list of values.</summary>
    List,
    /// <summary>A map from text to values.</summary>
    Map,
}

/// <summary>A typed message header value. It keeps its type on every transport.</summary>
public readonly struct HeaderValue : IEquatable<HeaderValue>
{
    // What has no object of its own has one that says its kind: so a value takes two words, and a message's nineteen a third less.
    private static readonly object s_bool = HeaderKind.Bool;
    private static readonly object s_long = HeaderKind.Long;
    private static readonly object s_double = HeaderKind.Double;

    private readonly object? _object;
    private readonly long _number;

    private HeaderValue(long number, object value)
    {
        _number = number;
        _object = value;
    }

    /// <summary>The null value. It is also what <c>default</c> gives.</summary>
    public static HeaderValue Null => default;

    /// <summary>What this value holds.</summary>
    public HeaderKind Kind => _object switch
    {
        null => HeaderKind.Null,
        string => HeaderKind.Text,
        HeaderKind kind => kind,
        byte[] => HeaderKind.Bytes,
        MessageHeaders => HeaderKind.Map,
        _ => HeaderKind.List,
    };

    /// <summary>True when the value is null.</summary>
    public bool IsNull => _object is null;

    /// <summary>A boolean value.</summary>
    public static HeaderValue From(bool value) => new(value ? 1 : 0, s_bool);
    /// <summary>An integer value.</summary>
    public static HeaderValue From(long value) => new(value, s_long);
    /// <summary>A floating point value.</summary>
    public static HeaderValue From(double value) => new(BitConverter.DoubleToInt64Bits(value), s_double);
    /// <summary>A text value, or null.</summary>
    public static HeaderValue From(string? value) => value is null ? default : new(0, value);
    /// <summary>A bytes value, or null. The array is not copied and must not be changed afterwards.</summary>
    public static HeaderValue From(byte[]? value) => value is null ? default : new(0, value);
    /// <summary>A list value. The list is not copied and must not be changed afterwards.</summary>
    public static HeaderValue From(IReadOnlyList<HeaderValue> value) => new(0, value ?? throw new ArgumentNullException(nameof(value)));
    /// <summary>A map value.</summary>
    public static HeaderValue From(MessageHeaders value) => new(0, value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>Converts from a boolean.</summary>
    public static implicit operator HeaderValue(bool value) => From(value);
    /// <summary>Converts from an integer.</summary>
    public static implicit operator HeaderValue(int value) => From((long)value);
    /// <summary>Converts from an integer.</summary>
    public static implicit operator HeaderValue(long value) => From(value);
    /// <summary>Converts from a floating point number.</summary>
    public static implicit operator HeaderValue(double value) => From(value);
    /// <summary>Converts from text.</summary>
    public static implicit operator HeaderValue(string? value) => From(value);
    /// <summary>Converts from bytes.</summary>
    public static implicit operator HeaderValue(byte[]? value) => From(value);

    /// <summary>The boolean.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public bool AsBool() => Require(HeaderKind.Bool)._number != 0;
    /// <summary>The integer.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public long AsLong() => Require(HeaderKind.Long)._number;
    /// <summary>The floating point number.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public double AsDouble() => BitConverter.Int64BitsToDouble(Require(HeaderKind.Double)._number);
    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public string AsText() => (string)Require(HeaderKind.Text)._object!;
    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public byte[] AsBytes() => (byte[])Require(HeaderKind.Bytes)._object!;
    /// <summary>The list.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public IReadOnlyList<HeaderValue> AsList() => (IReadOnlyList<HeaderValue>)Require(HeaderKind.List)._object!;
    /// <summary>The map.</summary>
    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    public MessageHeaders AsMap() => (MessageHeaders)Require(HeaderKind.Map)._object!;

    /// <inheritdoc/>
    public bool Equals(HeaderValue other) => Kind == other.Kind && _number == other._number && Kind switch
    {
        HeaderKind.Text => AsText() == other.AsText(),
        HeaderKind.Bytes => AsBytes().AsSpan().SequenceEqual(other.AsBytes()),
        HeaderKind.List => AsList().SequenceEqual(other.AsList()),
        HeaderKind.Map => AsMap().Equals(other.AsMap()),
        _ => true,
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HeaderValue other && Equals(other);
    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, _number, Kind == HeaderKind.Text ? _object : null);
    /// <summary>Equality by kind and content.</summary>
    public static bool operator ==(HeaderValue left, HeaderValue right) => left.Equals(right);
    /// <summary>Inequality by kind or content.</summary>
    public static bool operator !=(HeaderValue left, HeaderValue right) => !left.Equals(right);

    /// <summary>A short text for logs and consoles; long values are cut.</summary>
    public override string ToString() => Kind switch
    {
        HeaderKind.Null => "null",
        HeaderKind.Bool => AsBool() ? "true" : "false",
        HeaderKind.Long => _number.ToString(CultureInfo.InvariantCulture),
        HeaderKind.Double => AsDouble().ToString("R", CultureInfo.InvariantCulture),
        HeaderKind.Text => AsText().Length <= 200 ? AsText() : string.Concat(AsText().AsSpan(0, 200), "…"),
        HeaderKind.Bytes => $"{AsBytes().Length} bytes",
        HeaderKind.List => $"[{string.Join(", ", AsList().Take(20))}]",
        HeaderKind.Map => new StringBuilder("{").AppendJoin(", ", AsMap().Take(20).Select(header => $"{header.Key}: {header.Value}")).Append('}').ToString(),
        _ => Kind.ToString(),
    };

    private HeaderValue Require(HeaderKind kind) =>
        Kind == kind ? this : throw new InvalidOperationException($"The header value is {Kind}, not {kind}. Look at Kind first.");
}
