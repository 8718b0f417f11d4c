using System.Buffers.Binary;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>Reads the fields of a method, one after the other.</summary>
/// <exception cref="AmqpFormatException">A field does not fit into what is left.</exception>
internal ref struct FieldReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Take(1)[0];

    /// <summary>A single bit, which has a byte of its own unless others follow it.</summary>
    public bool Bit() => (Byte() & 1) != 0;

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>The bytes of a short text.</summary>
    public ReadOnlySpan<byte> Short() => Take(Byte());

    public string ShortText() => Encoding.UTF8.GetString(Short());

    /// <summary>What stands behind a length of 32 bits: a long text, or the inside of a table.</summary>
    public ReadOnlySpan<byte> Long()
    {
        var length = UInt32();
        return length <= (uint)_rest.Length ? Take((int)length) : throw Short(length);
    }

    public MessageHeaders Table(TextPool? names = null) => TableReader.Read(Long(), names);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Short((uint)count);
        }
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private readonly AmqpFormatException Short(uint wanted) => new($"the server sent a field of {wanted} bytes where {_rest.Length} are left");
}
