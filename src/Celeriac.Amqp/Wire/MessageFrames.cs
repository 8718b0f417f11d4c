using System.Buffers.Binary;
using System.Text;

namespace Celeriac.Amqp.Wire;

/// <summary>The frames that are written for each message: a publish with its content, and a settlement.</summary>
internal static class MessageFrames
{
    /// <summary>The bytes of an acknowledgement or a rejection.</summary>
    public const int SettlementSize = Frame.Overhead + 4 + 9;

    private const ushort BasicClass = 60;

    public static int WriteSettlement(Span<byte> target, ushort channel, uint method, ulong tag, bool flag)
    {
        Frame.WriteHead(target, FrameType.Method, channel, 13);
        BinaryPrimitives.WriteUInt32BigEndian(target[7..], method);
        BinaryPrimitives.WriteUInt64BigEndian(target[11..], tag);
        target[19] = flag ? (byte)1 : (byte)0;
        target[20] = Frame.End;
        return SettlementSize;
    }

    /// <summary>The most that method and content header of a publish take.</summary>
    public static int PublishSize(string exchange, string routingKey, AmqpProperties properties) =>
        (2 * Frame.Overhead) + 9 + Encoding.UTF8.GetMaxByteCount(exchange.Length) + Encoding.UTF8.GetMaxByteCount(routingKey.Length) + 12 + properties.Length;

    /// <summary>Writes method and content header; answers their length.</summary>
    public static int WritePublish(Span<byte> target, ushort channel, string exchange, string routingKey, bool isMandatory, AmqpProperties properties, int bodySize)
    {
        var writer = new FieldWriter(target[Frame.Head..]);
        writer.UInt32(Methods.BasicPublish);
        writer.UInt16(0);
        writer.Short(exchange);
        writer.Short(routingKey);
        writer.Byte(isMandatory ? (byte)1 : (byte)0);
        Frame.WriteHead(target, FrameType.Method, channel, writer.Length);
        var length = Frame.Head + writer.Length;
        target[length++] = Frame.End;

        var header = target[length..];
        Frame.WriteHead(header, FrameType.Header, channel, 12 + properties.Length);
        BinaryPrimitives.WriteUInt32BigEndian(header[7..], BasicClass << 16);
        BinaryPrimitives.WriteUInt64BigEndian(header[11..], (ulong)bodySize);
        properties.Encoded.CopyTo(header[19..]);
        header[19 + properties.Length] = Frame.End;
        return length + Frame.Overhead + 12 + properties.Length;
    }

    /// <summary>The bytes of a body's frames.</summary>
    public static int BodySize(int length, int limit) => length + (((length + Step(limit) - 1) / Step(limit)) * Frame.Overhead);

    /// <summary>How much of a body goes into one frame.</summary>
    public static int Step(int limit) => limit - Frame.Overhead;

    /// <summary>Writes a body, in as many frames as it needs; answers their length.</summary>
    public static int WriteBody(Span<byte> target, ushort channel, ReadOnlySpan<byte> body, int limit)
    {
        var length = 0;
        while (!body.IsEmpty)
        {
            var part = body[..Math.Min(body.Length, Step(limit))];
            length += WriteBodyFrame(target[length..], channel, part);
            body = body[part.Length..];
        }
        return length;
    }

    /// <summary>Writes a part of a body that fits into one frame.</summary>
    public static int WriteBodyFrame(Span<byte> target, ushort channel, ReadOnlySpan<byte> part)
    {
        Frame.WriteHead(target, FrameType.Body, channel, part.Length);
        part.CopyTo(target[Frame.Head..]);
        target[Frame.Head + part.Length] = Frame.End;
        return Frame.Overhead + part.Length;
    }
}
