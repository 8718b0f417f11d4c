using System.Buffers;
using System.Buffers.Binary;

namespace Celeriac.Amqp.Wire;

internal enum FrameType : byte
{
    Method = 1,
    Header = 2,
    Body = 3,
    Heartbeat = 8,
}

/// <summary>One frame: its type, its channel, its payload.</summary>
internal readonly record struct Frame(FrameType Type, ushort Channel, ReadOnlySequence<byte> Payload)
{
    /// <summary>Type, channel and length before the payload.</summary>
    public const int Head = 7;

    /// <summary>What a frame has besides its payload: head and end.</summary>
    public const int Overhead = Head + 1;

    /// <summary>The last byte of every frame.</summary>
    public const byte End = 0xCE;

    /// <summary>The least that both sides must take.</summary>
    public const int SmallestLimit = 4096;

    /// <summary>Takes the next frame off the buffer; false where it is not complete.</summary>
    /// <param name="buffer">What has come.</param>
    /// <param name="limit">The largest frame in bytes. It bounds what is ever kept back.</param>
    /// <param name="frame">The frame; it lies in the buffer.</param>
    /// <exception cref="AmqpFormatException">It is no frame, or larger than was agreed on.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, int limit, out Frame frame)
    {
        frame = default;
        if (buffer.Length < Head)
        {
            return false;
        }
        scoped var head = buffer.FirstSpan;
        if (head.Length < Head)
        {
            Span<byte> copy = stackalloc byte[Head];
            buffer.Slice(0, Head).CopyTo(copy);
            head = copy;
        }
        var type = (FrameType)head[0];
        var length = BinaryPrimitives.ReadUInt32BigEndian(head[3..]);
        if (type is not (FrameType.Method or FrameType.Header or FrameType.Body or FrameType.Heartbeat))
        {
            throw new AmqpFormatException(IsGreeting(head)
                ? "the server speaks another version of AMQP than 0-9-1"
                : $"the server sent a frame of the unknown type {head[0]}");
        }
        if (length > limit - Overhead)
        {
            throw new AmqpFormatException($"the server sent a frame of {length} bytes, but at most {limit - Overhead} were agreed on");
        }
        if (buffer.Length < length + Overhead)
        {
            return false;
        }
        var payload = buffer.Slice(Head, length);
        var rest = buffer.Slice(Head + length);
        if (rest.FirstSpan[0] != End)
        {
            throw new AmqpFormatException($"the server sent a frame that ends with {rest.FirstSpan[0]} instead of {End}");
        }
        frame = new Frame(type, BinaryPrimitives.ReadUInt16BigEndian(head[1..]), payload);
        buffer = rest.Slice(1);
        return true;
    }

    /// <summary>Writes what stands before a payload.</summary>
    public static void WriteHead(Span<byte> target, FrameType type, ushort channel, int length)
    {
        target[0] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(target[1..], channel);
        BinaryPrimitives.WriteUInt32BigEndian(target[3..], (uint)length);
    }

    // A server that does not speak our version answers with the greeting of its own.
    private static bool IsGreeting(ReadOnlySpan<byte> head) => head.StartsWith("AMQP"u8);
}
