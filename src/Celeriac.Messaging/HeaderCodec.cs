using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Celeriac.Messaging;

/// <summary>
/// The compact binary form of typed headers for stores: a mark, then names and values; numbers and lengths take as few bytes as they need, and the names that Celery's
/// messages all have take one. It is ours, not AMQP's, so that a store's rows do not depend on a broker's client library.
/// </summary>
/// <remarks>The form before it, without the mark and with lengths of four bytes, is still read.</remarks>
public static class HeaderCodec
{
    /// <summary>Lists and maps may nest this deep.</summary>
    public const int MaximumDepth = 32;

    /// <summary>What the form begins with; in the older form it would be a negative count.</summary>
    internal const int Mark = -1;

    private const int LargestKept = 1 << 16;

    // A part of the form: a name's place stands in what is stored. New ones go to the end, and none is ever moved or taken away.
    private static readonly string[] s_names =
    [
        "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id", "argsrepr", "kwargsrepr",
        "origin", "ignore_result", "replaced_task_nesting", "stamped_headers", "stamps", "compression", "traceparent", "tracestate", "baggage",
    ];

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_writer;

    /// <summary>The names that have a place in the form.</summary>
    internal static ReadOnlySpan<string> Names => s_names;

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
        BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(4), Mark);
        writer.Advance(4);
        WriteMap(writer, headers, 0);
        var encoded = writer.WrittenSpan.ToArray();
        if (writer.Capacity > LargestKept)
        {
            t_writer = null;
        }
        return encoded;
    }

    private static void WriteMap(ArrayBufferWriter<byte> writer, MessageHeaders map, int depth)
    {
        WriteNumber(writer, (ulong)map.Count);
        var expected = 0;
        for (var index = 0; index < map.Count; index++)
        {
            var (name, value) = map[index];
            WriteName(writer, name, ref expected);
            WriteValue(writer, value, depth);
        }
    }

    /// <summary>Twice its place and one, or twice its length and its bytes.</summary>
    private static void WriteName(ArrayBufferWriter<byte> writer, string name, ref int expected)
    {
        // Messages have them in one order, mostly the list's.
        var place = expected < s_names.Length && s_names[expected] == name ? expected : Array.IndexOf(s_names, name);
        if (place >= 0)
        {
            expected = place + 1;
            WriteNumber(writer, ((ulong)place << 1) | 1);
            return;
        }
        WriteNumber(writer, (ulong)Encoding.UTF8.GetByteCount(name) << 1);
        WriteCharacters(writer, name);
    }

    private static void WriteValue(ArrayBufferWriter<byte> writer, HeaderValue value, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new ArgumentException($"Header values nest deeper than {MaximumDepth} levels. Put such data into the body.");
        }
        WriteByte(writer, (byte)value.Kind);
        switch (value.Kind)
        {
            case HeaderKind.Null:
                break;
            case HeaderKind.Bool:
                WriteByte(writer, value.AsBool() ? (byte)1 : (byte)0);
                break;
            case HeaderKind.Long:
                // Small negative numbers are short too.
                WriteNumber(writer, (ulong)((value.AsLong() << 1) ^ (value.AsLong() >> 63)));
                break;
            case HeaderKind.Double:
                BinaryPrimitives.WriteDoubleLittleEndian(writer.GetSpan(8), value.AsDouble());
                writer.Advance(8);
                break;
            case HeaderKind.Text:
                WriteNumber(writer, (ulong)Encoding.UTF8.GetByteCount(value.AsText()));
                WriteCharacters(writer, value.AsText());
                break;
            case HeaderKind.Bytes:
                WriteNumber(writer, (ulong)value.AsBytes().Length);
                writer.Write(value.AsBytes());
                break;
            case HeaderKind.List:
                WriteNumber(writer, (ulong)value.AsList().Count);
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

    private static void WriteByte(ArrayBufferWriter<byte> writer, byte value)
    {
        writer.GetSpan(1)[0] = value;
        writer.Advance(1);
    }

    /// <summary>Seven bits a byte, the lowest first; all but the last have the eighth.</summary>
    private static void WriteNumber(ArrayBufferWriter<byte> writer, ulong number)
    {
        var target = writer.GetSpan(10);
        var length = 0;
        for (; number >= 0x80; number >>= 7)
        {
            target[length++] = (byte)(number | 0x80);
        }
        target[length++] = (byte)number;
        writer.Advance(length);
    }

    private static void WriteCharacters(ArrayBufferWriter<byte> writer, string text) =>
        writer.Advance(Encoding.UTF8.GetBytes(text, writer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
