using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>
/// Reads header tables: all field types of RabbitMQ and <c>L</c>, which Python's client writes for integers beyond 32 bits. Nothing in a table ends a connection: any program may have
/// written it, and the broker would hand the message out again for ever. What cannot be understood becomes bytes, to the end of its table.
/// </summary>
internal static class TableReader
{
    private const int DeepestNesting = 64;

    /// <param name="data">The inside of a table.</param>
    /// <param name="names">Hands out names that were seen before.</param>
    public static MessageHeaders Read(ReadOnlySpan<byte> data, TextPool? names = null) => Map(data, names, 1);

    private static MessageHeaders Map(ReadOnlySpan<byte> data, TextPool? names, int depth)
    {
        if (data.IsEmpty)
        {
            return MessageHeaders.Empty;
        }
        var items = new List<KeyValuePair<string, HeaderValue>>(Math.Min(24, data.Length / 2));
        while (!data.IsEmpty && data.Length > data[0] + 1)
        {
            var bytes = data.Slice(1, data[0]);
            var name = names is null ? Encoding.UTF8.GetString(bytes) : names.Get(bytes);
            data = data[(1 + bytes.Length)..];
            var value = Value(ref data, names, depth);
            if (name.Length > 0)
            {
                items.Add(new(name, value));
            }
        }
        return MessageHeaders.FromChecked(MessageHeaders.FaultOf(CollectionsMarshal.AsSpan(items)) is null ? [.. items] : LastOfEach(items));
    }

    /// <summary>A name that comes twice: the last one counts, as in every client.</summary>
    private static KeyValuePair<string, HeaderValue>[] LastOfEach(List<KeyValuePair<string, HeaderValue>> items)
    {
        var last = new Dictionary<string, HeaderValue>(StringComparer.Ordinal);
        foreach (var (name, value) in items)
        {
            last[name] = value;
        }
        return [.. last];
    }

    private static HeaderValue[] List(ReadOnlySpan<byte> data, TextPool? names, int depth)
    {
        var values = new List<HeaderValue>();
        while (!data.IsEmpty)
        {
            values.Add(Value(ref data, names, depth));
        }
        return [.. values];
    }

    private static HeaderValue Value(ref ReadOnlySpan<byte> data, TextPool? names, int depth)
    {
        var type = (char)data[0];
        var rest = data[1..];
        if (FixedLength(type) is var length && length >= 0 && length <= rest.Length)
        {
            data = rest[length..];
            return Fixed(type, rest[..length]);
        }
        if (type is 'S' or 'x' or 'A' or 'F' && rest.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(rest) is var inside && inside <= (uint)(rest.Length - 4))
        {
            var content = rest.Slice(4, (int)inside);
            data = rest[(4 + content.Length)..];
            return type switch
            {
                'S' => TextOrBytes(content),
                'A' when depth < DeepestNesting => HeaderValue.From(List(content, names, depth + 1)),
                'F' when depth < DeepestNesting => HeaderValue.From(Map(content, names, depth + 1)),
                _ => content.ToArray(),
            };
        }
        data = default;
        return rest.ToArray();
    }

    private static int FixedLength(char type) => type switch
    {
        'V' => 0,
        't' or 'b' or 'B' => 1,
        's' or 'u' => 2,
        'I' or 'i' or 'f' => 4,
        'D' => 5,
        'l' or 'L' or 'd' or 'T' => 8,
        _ => -1,
    };

    private static HeaderValue Fixed(char type, ReadOnlySpan<byte> data) => type switch
    {
        'V' => HeaderValue.Null,
        't' => data[0] != 0,
        'b' => (long)(sbyte)data[0],
        'B' => (long)data[0],
        's' => (long)BinaryPrimitives.ReadInt16BigEndian(data),
        'u' => (long)BinaryPrimitives.ReadUInt16BigEndian(data),
        'I' => (long)BinaryPrimitives.ReadInt32BigEndian(data),
        'i' => (long)BinaryPrimitives.ReadUInt32BigEndian(data),
        'f' => (double)BinaryPrimitives.ReadSingleBigEndian(data),
        'D' => BinaryPrimitives.ReadUInt32BigEndian(data[1..]) / Math.Pow(10, data[0]),
        'd' => BinaryPrimitives.ReadDoubleBigEndian(data),
        _ => BinaryPrimitives.ReadInt64BigEndian(data),
    };

    /// <summary>AMQP's long string is text by custom; some clients put bytes there.</summary>
    private static HeaderValue TextOrBytes(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : bytes.ToArray();
}
