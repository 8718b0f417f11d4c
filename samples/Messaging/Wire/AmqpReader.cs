using System.Buffers.Binary;
using System.Text;

namespace MessagingSample.Wire;

/// <summary>Reads AMQP 0-9-1's kinds of values one after the other: numbers are big-endian, texts have their length before them.</summary>
internal sealed class AmqpReader(ReadOnlyMemory<byte> bytes)
{
    private int _position;

    /// <summary>How many bytes are left.</summary>
    internal int Left => bytes.Length - _position;

    internal byte Byte() => Take(1)[0];

    internal ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    internal uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    internal ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    internal double Double() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>A text of at most 255 bytes.</summary>
    internal string ShortText() => Encoding.UTF8.GetString(Take(Byte()));

    /// <summary>A text, or bytes, of up to 4 GiB.</summary>
    internal ReadOnlyMemory<byte> Long() => Part((int)UInt32());

    internal ReadOnlyMemory<byte> Part(int length)
    {
        _position += length;
        return bytes.Slice(_position - length, length);
    }

    private ReadOnlySpan<byte> Take(int length) => Part(length).Span;
}
