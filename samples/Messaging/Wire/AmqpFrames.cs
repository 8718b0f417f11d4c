using System.Text;

namespace MessagingSample.Wire;

/// <summary>Puts AMQP 0-9-1's binary frames into words: a method, and for a message its content header and its body.</summary>
internal static class AmqpFrames
{
    private const int Method = 1;
    private const int Header = 2;
    private const int Body = 3;

    /// <summary>The frames as lines. A heartbeat is none of them.</summary>
    internal static IEnumerable<string> Lines(byte[] bytes)
    {
        // Type, channel, length, what is in it, and an end mark (206).
        for (var reader = new AmqpReader(bytes); reader.Left > 0;)
        {
            var (type, channel) = (reader.Byte(), reader.UInt16());
            var content = reader.Long();
            reader.Byte();
            var frame = type switch { Method => "method", Header => "header", Body => "body", _ => null };
            if (frame is not null)
            {
                yield return $"{frame,-6} frame, channel {channel}, {content.Length} bytes: {Headline(type, content)}";
            }
            foreach (var line in type == Header ? Properties(content) : [])
            {
                yield return "  " + line;
            }
        }
    }

    private static string Headline(int type, ReadOnlyMemory<byte> content) => type switch
    {
        Method => Call(new AmqpReader(content)),
        Header => $"a body of {BodyLength(content)} bytes, with",
        _ => $"'{Encoding.UTF8.GetString(content.Span)}'",
    };

    private static string Call(AmqpReader reader) => (reader.UInt16(), reader.UInt16()) switch
    {
        (60, 40) => $"basic.publish {Publish(reader)}",
        (60, 80) => $"basic.ack delivery-tag={reader.UInt64()}",
        (60, 120) => $"basic.nack delivery-tag={reader.UInt64()}",
        var (group, number) => $"method {number} of class {group}",
    };

    private static string Publish(AmqpReader reader)
    {
        reader.UInt16();
        var (exchange, routingKey, flags) = (reader.ShortText(), reader.ShortText(), reader.Byte());
        return $"exchange='{exchange}' routing-key='{routingKey}'{((flags & 1) != 0 ? " mandatory" : "")}";
    }

    private static ulong BodyLength(ReadOnlyMemory<byte> header)
    {
        var reader = new AmqpReader(header);
        reader.UInt32();
        return reader.UInt64();
    }

    /// <summary>The properties that are there, as a flag for each says, from the highest bit on.</summary>
    private static IEnumerable<string> Properties(ReadOnlyMemory<byte> header)
    {
        var reader = new AmqpReader(header);
        reader.Part(12);
        var flags = reader.UInt16();
        foreach (var (bit, name) in new[] { (15, "content-type"), (14, "content-encoding"), (13, "headers"), (12, "delivery-mode"), (11, "priority"), (10, "correlation-id"), (9, "reply-to"), (8, "expiration"), (7, "message-id") })
        {
            if ((flags & (1 << bit)) == 0)
            {
                continue;
            }
            if (bit != 13)
            {
                yield return $"{name,-16} {(bit is 12 or 11 ? $"{reader.Byte()}" : $"'{reader.ShortText()}'")}";
                continue;
            }
            yield return "headers, each with a letter for its type";
            foreach (var field in AmqpTable.Lines(reader.Long()))
            {
                yield return "  " + field;
            }
        }
    }
}
