using System.Buffers.Binary;
using System.Text;
using Celeriac.Amqp.Library;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Tests;

public sealed class HeaderMenderTests
{
    [Fact]
    public void An_integer_in_python_s_own_field_type_is_read() =>
        Assert.Equal(1L << 40, Read(Field("big", 'L', BigEndian(1L << 40)))["big"].AsLong());

    [Fact]
    public void An_empty_list_and_an_empty_map_are_no_nulls()
    {
        var headers = Read([.. Field("list", 'A', new byte[4]), .. Field("map", 'F', new byte[4]), .. Field("null", 'V', [])]);
        Assert.Equal((HeaderKind.List, HeaderKind.Map, HeaderKind.Null), (headers["list"].Kind, headers["map"].Kind, headers["null"].Kind));
    }

    [Fact]
    public void A_field_of_an_unknown_type_becomes_bytes_and_what_was_before_it_is_kept()
    {
        var headers = Read([.. Field("known", 't', [1]), .. Field("odd", '?', [1, 2, 3, 4, 5, 6])]);
        Assert.True(headers["known"].AsBool());
        Assert.Equal(HeaderKind.Bytes, headers["odd"].Kind);
    }

    [Fact]
    public void Lists_nested_beyond_reason_end_in_bytes()
    {
        byte[] value = [(byte)'V'];
        for (var depth = 0; depth < 10_000; depth++)
        {
            value = [(byte)'A', .. Length(value.Length), .. value];
        }
        var nested = Read(Field("deep", (char)value[0], value[1..]))["deep"];
        var steps = 0;
        for (; nested.Kind == HeaderKind.List; nested = nested.AsList()[0])
        {
            steps++;
        }
        Assert.Equal(HeaderKind.Bytes, nested.Kind);
        Assert.InRange(steps, 10, 100);
    }

    [Fact]
    public void Whatever_the_bytes_are_nothing_is_thrown()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var table = new byte[random.Next(0, 60)];
            random.NextBytes(table);
            HeaderMender.Mend(Payload(table));
            HeaderMender.Mend(table);
        }
    }

    [Fact]
    public void A_stream_cut_at_any_byte_gives_the_same_bytes()
    {
        byte[] stream = [.. Frame(1, [0, 60, 0, 60]), .. Frame(2, Payload(Field("big", 'L', BigEndian(5)))), .. Frame(3, [2, 2, 2, 2, 2, 2, 2, 2, 2])];
        var whole = stream.ToArray();
        Assert.Equal(whole.Length, new MendingFrames().Pass(whole));
        Assert.NotEqual(stream, whole);
        for (var cut = 0; cut <= stream.Length; cut++)
        {
            var bytes = stream.ToArray();
            var reader = new MendingFrames();
            var passed = reader.Pass(bytes.AsSpan(0, cut));
            passed += reader.Pass(bytes.AsSpan(passed));
            Assert.Equal(stream.Length, passed);
            Assert.Equal(whole, bytes);
        }
    }

    private static MessageHeaders Read(byte[] table)
    {
        var payload = Payload(table);
        HeaderMender.Mend(payload);
        return HeaderTable.FromLibrary(new ReadOnlyBasicProperties(payload.AsSpan(12)).Headers);
    }

    /// <summary>A content header with the property of the headers only.</summary>
    private static byte[] Payload(byte[] table) => [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, .. Length(table.Length), .. table];

    private static byte[] Frame(byte type, byte[] payload) => [type, 0, 1, .. Length(payload.Length), .. payload, 0xCE];

    private static byte[] Field(string name, char type, byte[] value) => [(byte)name.Length, .. Encoding.UTF8.GetBytes(name), (byte)type, .. value];

    private static byte[] Length(int length)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        return bytes;
    }

    private static byte[] BigEndian(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
