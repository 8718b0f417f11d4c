using System.Globalization;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

/// <summary>What is on the wire, seen and sent by a Python client that is not ours.</summary>
public sealed class WireTests : AmqpTest
{
    // Takes one message, encodes what it decoded anew, and says whether the bytes are the same.
    private const string Reader = """
        import sys, pika, pika.spec
        raw = []
        decode = pika.spec.BasicProperties.decode
        def spy(self, encoded, offset=0):
            raw.append(encoded[offset:])
            return decode(self, encoded, offset)
        pika.spec.BasicProperties.decode = spy
        connection = pika.BlockingConnection(pika.ConnectionParameters('127.0.0.1', int(sys.argv[1])))
        method, properties, body = connection.channel().basic_get(sys.argv[2], auto_ack=True)
        print(b''.join(properties.encode()) == bytes(raw[-1]), properties.priority, properties.delivery_mode, properties.content_type, sorted(properties.headers or {}), bytes(raw[-1]).hex())
        connection.close()
        """;

    [Fact]
    public async Task Properties_and_headers_are_the_bytes_that_python_writes()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        var headers = MessageHeaders.Empty.With("text", "sellerie 🥬").With("true", true).With("null", HeaderValue.Null).With("int", -5).With("long", 1L << 40)
            .With("double", 0.1).With("bytes", new byte[] { 0, 255 }).With("list", HeaderValue.From([1, "a", HeaderValue.Null])).With("map", HeaderValue.From(MessageHeaders.Empty.With("k", 1)));
        var message = Text("body") with { Headers = headers, Priority = 0, CorrelationId = "id", ReplyTo = "reply", MessageId = "m", Expiration = TimeSpan.FromMinutes(1) };
        await transport.PublishAsync(Publication.ToQueue(queue, message), Cancelled);
        var read = await ReadAsync(queue);
        Assert.Contains(" 0 2 text/plain ['bytes', 'double', 'int', 'list', 'long', 'map', 'null', 'text', 'true'] ", read, StringComparison.Ordinal);
        // As Python's AMQP client writes them; pika itself cannot write a floating point number and widens integers.
        string[] fields =
        [
            Field("true", "7401"), Field("null", "56"), Field("int", "49fffffffb"), Field("long", "6c0000010000000000"), Field("double", "643fb999999999999a"),
            Field("bytes", "780000000200ff"), Field("list", "410000000c4900000001530000000161" + "56"), Field("map", "460000000" + "7016b4900000001"),
            Field("text", "530000000d" + Convert.ToHexStringLower("sellerie 🥬"u8)),
        ];
        Assert.All(fields, field => Assert.Contains(field, read, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_priority_of_0_is_sent_and_none_is_not()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await transport.PublishAsync(Publication.ToQueue(queue, Text("0") with { Priority = 0 }), Cancelled);
        await transport.PublishAsync(Publication.ToQueue(queue, Text("none")), Cancelled);
        Assert.StartsWith("True 0 2 text/plain []", await ReadAsync(queue), StringComparison.Ordinal);
        Assert.StartsWith("True None 2 text/plain []", await ReadAsync(queue), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_without_content_type_that_need_not_survive_says_so()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await transport.PublishAsync(Publication.ToQueue(queue, new Message { Body = "x"u8.ToArray(), Persistent = false }), Cancelled);
        Assert.StartsWith("True None 1 None []", await ReadAsync(queue), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_python_sends_is_read_with_its_types_and_an_integer_beyond_32_bits_in_its_own_field_type_ends_nothing()
    {
        // pika writes 'l' for long integers; Celery's own client writes 'L'.
        const string sender = """
            import struct, sys, pika, pika.data
            encode = pika.data.encode_value
            def like_celery(pieces, value):
                if type(value) is int and abs(value) > 2**31:
                    pieces.append(struct.pack('>cq', b'L', value))
                    return 9
                if type(value) is float:
                    pieces.append(struct.pack('>cd', b'd', value))
                    return 9
                return encode(pieces, value)
            pika.data.encode_value = like_celery
            connection = pika.BlockingConnection(pika.ConnectionParameters('127.0.0.1', int(sys.argv[1])))
            headers = {'big': 2**40, 'flag': True, 'none': None, 'list': [], 'map': {}, 'number': 1.5, 'text': 'a', 'last': 7}
            connection.channel().basic_publish('', sys.argv[2], b'[[1], {}, {}]', pika.BasicProperties(headers=headers, content_type='application/json'))
            connection.close()
            """;
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        await PythonAsync(sender, SharedServer.Server.AmqpPort.ToString(CultureInfo.InvariantCulture), queue);
        var headers = (await ReceiveAsync(subscription)).Message.Headers;
        Assert.Equal((1L << 40, true, 1.5, "a", 7L), (headers["big"].AsLong(), headers["flag"].AsBool(), headers["number"].AsDouble(), headers["text"].AsText(), headers["last"].AsLong()));
        Assert.Equal((HeaderKind.Null, HeaderKind.List, HeaderKind.Map), (headers["none"].Kind, headers["list"].Kind, headers["map"].Kind));
    }

    private static string Field(string name, string value) => $"{name.Length:x2}{Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(name))}{value}";

    private static Task<string> ReadAsync(string queue) => PythonAsync(Reader, SharedServer.Server.AmqpPort.ToString(CultureInfo.InvariantCulture), queue);
}
