using System.Buffers.Binary;
using System.Text;

namespace Celeriac.Messaging;

/// <summary>Reads what <see cref="HeaderCodec"/> writes, and the form before it. Whatever the bytes are: headers, or a <see cref="FormatException"/>.</summary>
internal ref struct HeaderDecoding
{
    // Nested lists can each claim the rest of the bytes: reserving what they claim would multiply the memory by the depth.
    // Celery's messages have 19 headers and a few of ours.
    private const int MaximumReserved = 32;

    private const int LongestKnownName = 64;

    // The names of other headers are the same in nearly every message too: the last one of each slot is found again without making a text.
    private static readonly string?[] s_seen = new string?[256];

    private readonly bool _isOlder;
    private ReadOnlySpan<byte> _source;

    private HeaderDecoding(ReadOnlySpan<byte> encoded)
    {
        _isOlder = encoded.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(encoded) != HeaderCodec.Mark;
        _source = _isOlder ? encoded : encoded[4..];
    }

    /// <summary>The pairs of the outermost map.</summary>
    /// <exception cref="FormatException">The bytes are damaged.</exception>
    public static KeyValuePair<string, HeaderValue>[] Items(ReadOnlySpan<byte> encoded) => encoded.IsEmpty ? [] : new HeaderDecoding(encoded).ReadMap(0);

    private KeyValuePair<string, HeaderValue>[] ReadMap(int depth)
    {
        // A count that could not fit is refused before anything is allocated for it: a pair takes two bytes, five in the older form.
        var count = ReadLength(bytesEach: _isOlder ? 5 : 2);
        var items = new KeyValuePair<string, HeaderValue>[Math.Min(count, MaximumReserved)];
        for (var index = 0; index < count; index++)
        {
            Grow(ref items, index, count);
            var name = ReadName();
            items[index] = new(name, ReadValue(depth));
        }
        return MessageHeaders.FaultOf(items) is { } fault ? throw new FormatException($"The stored headers are damaged. {fault}") : items;
    }

    private string ReadName()
    {
        if (_isOlder)
        {
            return NameOf(ReadBytes());
        }
        var number = ReadNumber();
        if ((number & 1) == 0)
        {
            return NameOf(Take(number >> 1));
        }
        return number >> 1 < (ulong)HeaderCodec.Names.Length
            ? HeaderCodec.Names[(int)(number >> 1)]
            : throw new FormatException($"The stored headers hold name number {number >> 1}. The row was written by a newer version or is damaged.");
    }

    private static string NameOf(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > LongestKnownName)
        {
            return Encoding.UTF8.GetString(text);
        }
        ref var known = ref s_seen[((text.Length * 31) + (text[0] * 7) + (text[text.Length / 2] * 3) + text[^1]) & (s_seen.Length - 1)];
        if (Volatile.Read(ref known) is { } name && Ascii.Equals(text, name))
        {
            return name;
        }
        var read = Encoding.UTF8.GetString(text);
        Volatile.Write(ref known, read);
        return read;
    }

    private HeaderValue ReadValue(int depth)
    {
        if (depth > HeaderCodec.MaximumDepth)
        {
            throw new FormatException($"The stored headers nest deeper than {HeaderCodec.MaximumDepth} levels.");
        }
        var kind = (HeaderKind)Take(1)[0];
        switch (kind)
        {
            case HeaderKind.Null:
                return default;
            case HeaderKind.Bool:
                return Take(_isOlder ? 8u : 1u)[0] != 0;
            case HeaderKind.Long:
                return ReadLong();
            case HeaderKind.Double:
                return BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
            case HeaderKind.Text:
                return Encoding.UTF8.GetString(ReadBytes());
            case HeaderKind.Bytes:
                return ReadBytes().ToArray();
            case HeaderKind.List:
                return HeaderValue.From(ReadList(depth + 1));
            case HeaderKind.Map:
                return HeaderValue.From(MessageHeaders.FromChecked(ReadMap(depth + 1)));
            default:
                throw new FormatException($"The stored headers hold a value of unknown kind {(int)kind}. The row was written by a newer version or is damaged.");
        }
    }

    private HeaderValue[] ReadList(int depth)
    {
        var count = ReadLength(bytesEach: 1);
        var list = new HeaderValue[Math.Min(count, MaximumReserved)];
        for (var index = 0; index < count; index++)
        {
            Grow(ref list, index, count);
            list[index] = ReadValue(depth);
        }
        return list;
    }

    private static void Grow<T>(ref T[] items, int index, int count)
    {
        if (index == items.Length)
        {
            Array.Resize(ref items, Math.Min(count, items.Length * 2));
        }
    }

    private long ReadLong()
    {
        if (_isOlder)
        {
            return BinaryPrimitives.ReadInt64LittleEndian(Take(8));
        }
        var number = ReadNumber();
        return (long)(number >> 1) ^ -(long)(number & 1);
    }

    private ReadOnlySpan<byte> ReadBytes() => Take((ulong)ReadLength(bytesEach: 1));

    private int ReadLength(int bytesEach)
    {
        var length = _isOlder ? BinaryPrimitives.ReadUInt32LittleEndian(Take(4)) : ReadNumber();
        return length <= (ulong)(_source.Length / bytesEach) ? (int)length : throw new FormatException("The stored headers name a length beyond their end.");
    }

    private ulong ReadNumber()
    {
        ulong number = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1)[0];
            number |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return number;
            }
        }
        throw new FormatException("The stored headers hold a number that does not end.");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_source.Length)
        {
            throw new FormatException("The stored headers end too early.");
        }
        var bytes = _source[..(int)length];
        _source = _source[(int)length..];
        return bytes;
    }
}
