using System.Buffers.Binary;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Wire;

/// <summary>Builds the frame of a method that is seldom sent. What is sent for each message is written by <see cref="MessageFrames"/>.</summary>
internal sealed class MethodFrame
{
    private readonly ushort _channel;
    private byte[] _bytes = new byte[128];
    private int _length = Frame.Head;

    public MethodFrame(ushort channel, uint method)
    {
        _channel = channel;
        UInt32(method);
    }

    public MethodFrame Byte(byte value)
    {
        Room(1)[0] = value;
        return this;
    }

    /// <summary>Flags that share a byte, the first in the lowest bit.</summary>
    public MethodFrame Bits(bool first, bool second = false, bool third = false, bool fourth = false, bool fifth = false) =>
        Byte((byte)((first ? 1 : 0) | (second ? 2 : 0) | (third ? 4 : 0) | (fourth ? 8 : 0) | (fifth ? 16 : 0)));

    public MethodFrame UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(Room(2), value);
        return this;
    }

    public MethodFrame UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Room(4), value);
        return this;
    }

    public MethodFrame Short(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Byte(checked((byte)length));
        Encoding.UTF8.GetBytes(text, Room(length));
        return this;
    }

    public MethodFrame Long(ReadOnlySpan<byte> bytes)
    {
        UInt32((uint)bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
        return this;
    }

    public MethodFrame Table(MessageHeaders table)
    {
        new FieldWriter(Room(FieldWriter.SizeOf(table))).Table(table);
        return this;
    }

    /// <summary>The whole frame.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        Frame.WriteHead(_bytes, FrameType.Method, _channel, _length - Frame.Head);
        Room(1)[0] = Frame.End;
        return _bytes.AsSpan(0, _length);
    }

    private Span<byte> Room(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        }
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
