using System.Buffers.Binary;
using System.Text;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Tests.Frames;

/// <summary>Content headers and bodies. RabbitMQ.Client reads what we write and writes what we read.</summary>
public sealed class ContentTests
{
    private readonly TextPool _texts = new();

    [Fact]
    public void What_the_library_writes_is_read()
    {
        var properties = new BasicProperties
        {
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            DeliveryMode = DeliveryModes.Transient,
            Priority = 3,
            CorrelationId = "id",
            ReplyTo = "replies",
            Expiration = "1500",
            MessageId = "m",
            Timestamp = new AmqpTimestamp(7),
            Type = "t",
            AppId = "a",
            Headers = new Dictionary<string, object?>
            {
                ["text"] = "sellerie 🥬",
                ["int"] = -5,
                ["long"] = 1L << 40,
                ["short"] = (short)-2,
                ["byte"] = (byte)200,
                ["sbyte"] = (sbyte)-3,
                ["uint"] = 4_000_000_000u,
                ["ushort"] = (ushort)60_000,
                ["double"] = 0.1,
                ["float"] = 0.5f,
                ["decimal"] = 1.25m,
                ["true"] = true,
                ["null"] = null,
                ["time"] = new AmqpTimestamp(99),
                ["bytes"] = new byte[] { 0xFF, 0 },
                ["list"] = new List<object?> { 1, "a", null },
                ["map"] = new Dictionary<string, object?> { ["k"] = 1 },
            },
        };
        var (size, message) = Read(Encoded(properties), 17);
        var headers = message.Headers;
        Assert.Equal(17ul, size);
        Assert.Equal(("application/json", "utf-8", false, (byte?)3), (message.ContentType, message.ContentEncoding, message.Persistent, message.Priority));
        Assert.Equal(("id", "replies", TimeSpan.FromMilliseconds(1500), "m"), (message.CorrelationId, message.ReplyTo, message.Expiration, message.MessageId));
        Assert.Equal((-5L, 1L << 40, -2L, 200L, -3L), (headers["int"].AsLong(), headers["long"].AsLong(), headers["short"].AsLong(), headers["byte"].AsLong(), headers["sbyte"].AsLong()));
        Assert.Equal((4_000_000_000L, 60_000L, 99L), (headers["uint"].AsLong(), headers["ushort"].AsLong(), headers["time"].AsLong()));
        Assert.Equal((0.1, 0.5, 1.25), (headers["double"].AsDouble(), headers["float"].AsDouble(), headers["decimal"].AsDouble()));
        Assert.Equal(("sellerie 🥬", true, HeaderKind.Null, HeaderKind.Bytes), (headers["text"].AsText(), headers["true"].AsBool(), headers["null"].Kind, headers["bytes"].Kind));
        Assert.Equal((3, 1L), (headers["list"].AsList().Count, headers["map"].AsMap()["k"].AsLong()));
    }

    [Fact]
    public void What_we_write_is_read_by_the_library_and_by_us()
    {
        var message = new Message
        {
            Body = default,
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            Priority = 0,
            CorrelationId = "id",
            ReplyTo = "r",
            Expiration = TimeSpan.FromSeconds(1),
            MessageId = "m",
            Headers = MessageHeaders.Empty.With("a", 1).With("b", "text").With("c", HeaderValue.From([HeaderValue.Null, 1.5])).With("d", HeaderValue.From(MessageHeaders.Empty.With("e", true))),
        };
        var encoded = new AmqpProperties(message).Encoded;
        var library = new ReadOnlyBasicProperties(encoded);
        Assert.Equal(("application/json", "id", "r", "1000", (byte)0), (library.ContentType, library.CorrelationId, library.ReplyTo, library.Expiration, library.Priority));
        Assert.Equal(4, library.Headers!.Count);
        Assert.Equal(message, Read(encoded.ToArray(), 0).Message with { Body = default });
    }

    [Fact]
    public void An_integer_in_pythons_own_field_type_and_a_name_given_twice_are_read()
    {
        var headers = TableReader.Read([.. Field("big", 'L', [0, 0, 1, 0, 0, 0, 0, 0]), .. Field("same", 't', [0]), .. Field("same", 't', [1])]);
        Assert.Equal((1L << 40, true, 2), (headers["big"].AsLong(), headers["same"].AsBool(), headers.Count));
    }

    [Fact]
    public void A_field_of_an_unknown_type_becomes_bytes_and_what_was_before_it_is_kept()
    {
        var headers = TableReader.Read([.. Field("known", 't', [1]), .. Field("odd", '?', [1, 2, 3, 4, 5, 6])]);
        Assert.Equal((true, HeaderKind.Bytes), (headers["known"].AsBool(), headers["odd"].Kind));
    }

    [Fact]
    public void Lists_nested_beyond_reason_end_in_bytes()
    {
        byte[] value = [(byte)'V'];
        for (var depth = 0; depth < 1_000; depth++)
        {
            value = [(byte)'A', .. Length(value.Length), .. value];
        }
        var nested = TableReader.Read(Field("deep", 'A', value[1..]))["deep"];
        var steps = 0;
        for (; nested.Kind == HeaderKind.List; nested = nested.AsList()[0])
        {
            steps++;
        }
        Assert.Equal(HeaderKind.Bytes, nested.Kind);
        Assert.InRange(steps, 10, 100);
    }

    [Fact]
    public void Whatever_the_bytes_are_a_table_is_read_and_a_content_header_is_read_or_refused()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 60)];
            random.NextBytes(bytes);
            TableReader.Read(bytes);
            try
            {
                ContentHeader.Read(bytes, _texts);
            }
            catch (AmqpFormatException)
            {
                // Refused in words; anything else fails the fact.
            }
        }
    }

    [Fact]
    public void A_publish_is_these_bytes()
    {
        var properties = new AmqpProperties(new Message { Body = default, CorrelationId = "c" });
        var bytes = new byte[MessageFrames.PublishSize("ex", "key", properties) + MessageFrames.BodySize(3, 4096)];
        var length = MessageFrames.WritePublish(bytes, 1, "ex", "key", true, properties, 3);
        length += MessageFrames.WriteBody(bytes.AsSpan(length), 1, "abc"u8, 4096);
        Assert.Equal(
            "0100010000000e003c00280000026578036b657901ce" + "0200010000001100" + "3c00000000000000000003140002016" + "3ce" + "03000100000003616263ce",
            Convert.ToHexStringLower(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void A_body_is_split_at_the_limit()
    {
        var bytes = new byte[MessageFrames.BodySize(25, 18)];
        Assert.Equal(bytes.Length, MessageFrames.WriteBody(bytes, 1, new byte[25], 18));
        Assert.Equal(25 + (3 * Frame.Overhead), bytes.Length);
    }

    private (ulong Size, Message Message) Read(byte[] properties, ulong size)
    {
        byte[] payload = [0, 60, 0, 0, .. BigEndian(size), .. properties];
        var header = ContentHeader.Read(payload, _texts);
        return (header.BodySize, header.Message);
    }

    private static byte[] Encoded(BasicProperties properties)
    {
        IAmqpWriteable writeable = properties;
        var bytes = new byte[writeable.GetRequiredBufferSize()];
        writeable.WriteTo(bytes);
        return bytes;
    }

    private static byte[] Field(string name, char type, byte[] value) => [(byte)name.Length, .. Encoding.UTF8.GetBytes(name), (byte)type, .. value];

    private static byte[] Length(int length) => BigEndian((ulong)length)[4..];

    private static byte[] BigEndian(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
