using System.Buffers.Binary;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>
/// Writes property values and header tables with the field types that Python's AMQP client uses, so that both write the same bytes:
/// text S, boolean t, null V, integer I (32 bits) or l, floating point d, list A, map F, bytes x.
/// </summary>
internal ref struct FieldWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _length;

    /// <summary>The bytes a header table takes, its length prefix included.</summary>
    public static int SizeOf(MessageHeaders headers)
    {
        var size = 4;
        for (var index = 0; index < headers.Count; index++)
        {
            var (name, value) = headers[index];
            size += 1 + Encoding.UTF8.GetByteCount(name) + SizeOf(value);
        }
        return size;
    }

    private static int SizeOf(HeaderValue value) => value.Kind switch
    {
        HeaderKind.Null => 1,
        HeaderKind.Bool => 2,
        HeaderKind.Long => IsInt(value.AsLong()) ? 5 : 9,
        HeaderKind.Double => 9,
        HeaderKind.Text => 5 + Encoding.UTF8.GetByteCount(value.AsText()),
        HeaderKind.Bytes => 5 + value.AsBytes().Length,
        HeaderKind.List => 5 + value.AsList().Sum(SizeOf),
        HeaderKind.Map => 1 + SizeOf(value.AsMap()),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.Kind, "Not a kind of header value."),
    };

    public void Byte(byte value) => _buffer[_length++] = value;

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[_length..], value);
        _length += 2;
    }

    /// <summary>How many bytes were written.</summary>
    public readonly int Length => _length;

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer[_length..], value);
        _length += 4;
    }

    public void Short(string text)
    {
        var written = Encoding.UTF8.GetBytes(text, _buffer[(_length + 1)..]);
        _buffer[_length] = (byte)written;
        _length += 1 + written;
    }

    public void Table(MessageHeaders headers)
    {
        var start = _length;
        _length += 4;
        for (var index = 0; index < headers.Count; index++)
        {
            var (name, value) = headers[index];
            Short(name);
            Value(value);
        }
        UInt32At(start, _length - start - 4);
    }

    private void Value(HeaderValue value)
    {
        switch (value.Kind)
        {
            case HeaderKind.Null:
                Byte((byte)'V');
                break;
            case HeaderKind.Bool:
                Byte((byte)'t');
                Byte(value.AsBool() ? (byte)1 : (byte)0);
                break;
            case HeaderKind.Long:
                Integer(value.AsLong());
                break;
            case HeaderKind.Double:
                Byte((byte)'d');
                BinaryPrimitives.WriteDoubleBigEndian(_buffer[_length..], value.AsDouble());
                _length += 8;
                break;
            case HeaderKind.Text:
                Byte((byte)'S');
                Text(value.AsText());
                break;
            case HeaderKind.Bytes:
                Byte((byte)'x');
                Long(value.AsBytes());
                break;
            case HeaderKind.List:
                Byte((byte)'A');
                List(value.AsList());
                break;
            case HeaderKind.Map:
                Byte((byte)'F');
                Table(value.AsMap());
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.Kind, "Not a kind of header value.");
        }
    }

    private void Integer(long value)
    {
        if (IsInt(value))
        {
            Byte((byte)'I');
            BinaryPrimitives.WriteInt32BigEndian(_buffer[_length..], (int)value);
            _length += 4;
            return;
        }
        Byte((byte)'l');
        BinaryPrimitives.WriteInt64BigEndian(_buffer[_length..], value);
        _length += 8;
    }

    private void List(IReadOnlyList<HeaderValue> values)
    {
        var start = _length;
        _length += 4;
        foreach (var value in values)
        {
            Value(value);
        }
        UInt32At(start, _length - start - 4);
    }

    private void Text(string text)
    {
        var written = Encoding.UTF8.GetBytes(text, _buffer[(_length + 4)..]);
        UInt32At(_length, written);
        _length += 4 + written;
    }

    private void Long(ReadOnlySpan<byte> bytes)
    {
        UInt32At(_length, bytes.Length);
        bytes.CopyTo(_buffer[(_length + 4)..]);
        _length += 4 + bytes.Length;
    }

    private readonly void UInt32At(int position, int value) => BinaryPrimitives.WriteUInt32BigEndian(_buffer[position..], (uint)value);

    private static bool IsInt(long value) => value is >= int.MinValue and <= int.MaxValue;
}
