using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Celeriac.Messaging;

/// <summary>
/// The compact binary form of typed headers for stores: one kind byte a value, then a fixed number or a length and its bytes.
/// It is ours, not AMQP's, so that a store's rows do not depend on a broker's client library.
/// </summary>
public static class HeaderCodec
{
    /// <summary>Lists and maps may nest this deep.</summary>
    public const int MaximumDepth = 32;

    // Nested lists can each claim the rest of the bytes: reserving what they claim would multiply the memory by the depth.
    // Celery's messages have 19 headers and a few of ours.
    private const int MaximumReserved = 32;

    private const int LargestKept = 1 << 16;
    private const int LongestKnownName = 64;

    // The names of headers are the same in nearly every message: the last one of each slot is found again without making a text.
    private static readonly string?[] s_names = new string?[256];

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_writer;

    /// <summary>The bytes of the headers; empty for no headers.</summary>
    /// <exception cref="ArgumentException">Lists and maps nest deeper than <see cref="MaximumDepth"/>.</exception>
    public static byte[] Encode(MessageHeaders headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        if (!headers.Encoded.IsEmpty)
        {
            return headers.Encoded.ToArray();
        }
        if (headers.Count == 0)
        {
            return [];
        }
        var writer = t_writer ??= new ArrayBufferWriter<byte>(1024);
        writer.ResetWrittenCount();
        WriteMap(writer, headers, 0);
        var encoded = writer.WrittenSpan.ToArray();
        if (writer.Capacity > LargestKept)
        {
            t_writer = null;
        }
        return encoded;
    }

    internal static KeyValuePair<string, HeaderValue>[] DecodeItems(ReadOnlySpan<byte> encoded) =>
        encoded.IsEmpty ? [] : ReadMap(ref encoded, 0);

    private static void WriteMap(ArrayBufferWriter<byte> writer, MessageHeaders map, int depth)
    {
        WriteLength(writer, map.Count);
        foreach (var (name, value) in map)
        {
            WriteText(writer, name);
            WriteValue(writer, value, depth);
        }
    }

    private static void WriteValue(ArrayBufferWriter<byte> writer, HeaderValue value, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new ArgumentException($"Header values nest deeper than {MaximumDepth} levels. Put such data into the body.");
        }
        writer.GetSpan(1)[0] = (byte)value.Kind;
        writer.Advance(1);
        switch (value.Kind)
        {
            case HeaderKind.Null:
                break;
            case HeaderKind.Bool:
                WriteNumber(writer, value.AsBool() ? 1 : 0);
                break;
            case HeaderKind.Long:
                WriteNumber(writer, value.AsLong());
                break;
            case HeaderKind.Double:
                WriteNumber(writer, BitConverter.DoubleToInt64Bits(value.AsDouble()));
                break;
            case HeaderKind.Text:
                WriteText(writer, value.AsText());
                break;
            case HeaderKind.Bytes:
                WriteBytes(writer, value.AsBytes());
                break;
            case HeaderKind.List:
                WriteLength(writer, value.AsList().Count);
                foreach (var item in value.AsList())
                {
                    WriteValue(writer, item, depth + 1);
                }
                break;
            case HeaderKind.Map:
                WriteMap(writer, value.AsMap(), depth + 1);
                break;
        }
    }

    private static void WriteNumber(ArrayBufferWriter<byte> writer, long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), number);
        writer.Advance(8);
    }

    private static void WriteLength(ArrayBufferWriter<byte> writer, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(4), length);
        writer.Advance(4);
    }

    private static void WriteText(ArrayBufferWriter<byte> writer, string text)
    {
        var target = writer.GetSpan(4 + Encoding.UTF8.GetMaxByteCount(text.Length));
        var length = Encoding.UTF8.GetBytes(text, target[4..]);
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        writer.Advance(4 + length);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> bytes)
    {
        WriteLength(writer, bytes.Length);
        writer.Write(bytes);
    }

    private static KeyValuePair<string, HeaderValue>[] ReadMap(ref ReadOnlySpan<byte> source, int depth)
    {
        // A pair takes at least five bytes: a count that could not fit is refused before anything is allocated for it.
        var count = ReadLength(ref source, bytesEach: 5);
        var items = new KeyValuePair<string, HeaderValue>[Math.Min(count, MaximumReserved)];
        for (var index = 0; index < count; index++)
        {
            Grow(ref items, index, count);
            var name = NameOf(ReadBytes(ref source));
            items[index] = new(name, ReadValue(ref source, depth));
        }
        return MessageHeaders.FaultOf(items) is { } fault ? throw new FormatException($"The stored headers are damaged. {fault}") : items;
    }

    private static string NameOf(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > LongestKnownName)
        {
            return Encoding.UTF8.GetString(text);
        }
        ref var known = ref s_names[((text.Length * 31) + (text[0] * 7) + (text[text.Length / 2] * 3) + text[^1]) & (s_names.Length - 1)];
        if (Volatile.Read(ref known) is { } name && Ascii.Equals(text, name))
        {
            return name;
        }
        var read = Encoding.UTF8.GetString(text);
        Volatile.Write(ref known, read);
        return read;
    }

    private static HeaderValue ReadValue(ref ReadOnlySpan<byte> source, int depth)
    {
        if (source.IsEmpty || depth > MaximumDepth)
        {
            throw new FormatException(source.IsEmpty ? "The stored headers end too early." : $"The stored headers nest deeper than {MaximumDepth} levels.");
        }
        var kind = (HeaderKind)source[0];
        source = source[1..];
        switch (kind)
        {
            case HeaderKind.Null:
                return default;
            case HeaderKind.Bool:
                return ReadNumber(ref source) != 0;
            case HeaderKind.Long:
                return ReadNumber(ref source);
            case HeaderKind.Double:
                return BitConverter.Int64BitsToDouble(ReadNumber(ref source));
            case HeaderKind.Text:
                return Encoding.UTF8.GetString(ReadBytes(ref source));
            case HeaderKind.Bytes:
                return ReadBytes(ref source).ToArray();
            case HeaderKind.List:
                return HeaderValue.From(ReadList(ref source, depth + 1));
            case HeaderKind.Map:
                return HeaderValue.From(MessageHeaders.FromChecked(ReadMap(ref source, depth + 1)));
            default:
                throw new FormatException($"The stored headers hold a value of unknown kind {(int)kind}. The row was written by a newer version or is damaged.");
        }
    }

    private static HeaderValue[] ReadList(ref ReadOnlySpan<byte> source, int depth)
    {
        var count = ReadLength(ref source, bytesEach: 1);
        var list = new HeaderValue[Math.Min(count, MaximumReserved)];
        for (var index = 0; index < count; index++)
        {
            Grow(ref list, index, count);
            list[index] = ReadValue(ref source, depth);
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

    private static long ReadNumber(ref ReadOnlySpan<byte> source)
    {
        if (source.Length < 8)
        {
            throw new FormatException("The stored headers end too early.");
        }
        var number = BinaryPrimitives.ReadInt64LittleEndian(source);
        source = source[8..];
        return number;
    }

    private static int ReadLength(ref ReadOnlySpan<byte> source, int bytesEach)
    {
        var length = source.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(source);
        if (length < 0 || (long)length * bytesEach > source.Length - 4)
        {
            throw new FormatException("The stored headers name a length beyond their end.");
        }
        source = source[4..];
        return length;
    }

    private static ReadOnlySpan<byte> ReadBytes(ref ReadOnlySpan<byte> source)
    {
        var length = ReadLength(ref source, bytesEach: 1);
        var bytes = source[..length];
        source = source[length..];
        return bytes;
    }
}
