using System.Buffers.Binary;
using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class HeaderCodecTests
{
    [Fact]
    public void Every_kind_of_value_comes_back_as_it_was()
    {
        var headers = new MessageHeaders(
        [
            new("null", HeaderValue.Null), new("true", true), new("false", false), new("least", long.MinValue), new("most", long.MaxValue),
            new("double", -0.0), new("not a number", double.NaN), new("empty", ""), new("text", "día 漢字 😀"), new("bytes", new byte[] { 0, 255 }),
            new("list", HeaderValue.From([1, "two", HeaderValue.From([3.0, HeaderValue.Null])])),
            new("map", HeaderValue.From(new MessageHeaders([new("inner", HeaderValue.From(new MessageHeaders([new("deep", true)])))]))),
        ]);

        var decoded = RoundTrip(headers);

        Assert.Equal(headers, decoded);
        Assert.Equal(headers.Select(header => header.Key), decoded.Select(header => header.Key));
    }

    [Fact]
    public void No_headers_take_no_bytes()
    {
        Assert.Empty(HeaderCodec.Encode(MessageHeaders.Empty));
        Assert.Same(MessageHeaders.Empty, MessageHeaders.FromEncoded(default));
    }

    [Fact]
    public void Many_headers_come_back_in_order()
    {
        var headers = new MessageHeaders(Enumerable.Range(0, 1000).Select(number => new KeyValuePair<string, HeaderValue>($"h{number}", number)));

        Assert.Equal(headers, RoundTrip(headers));
    }

    [Fact]
    public void Random_headers_come_back_as_they_were()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 2000; round++)
        {
            var headers = RandomMap(random, 0);

            Assert.Equal(headers, RoundTrip(headers));
        }
    }

    [Fact]
    public void The_deepest_headers_that_can_be_written_can_be_read()
    {
        Assert.Equal(Nested(HeaderCodec.MaximumDepth), RoundTrip(Nested(HeaderCodec.MaximumDepth)));
        var error = Assert.Throws<ArgumentException>(() => HeaderCodec.Encode(Nested(HeaderCodec.MaximumDepth + 1)));
        Assert.Equal("Header values nest deeper than 32 levels. Put such data into the body.", error.Message);
    }

    [Fact]
    public void Random_garbage_is_headers_or_a_FormatException()
    {
        var random = new Random(20261123);
        for (var round = 0; round < 100_000; round++)
        {
            var garbage = new byte[random.Next(60)];
            random.NextBytes(garbage);
            // Small numbers make lengths that fit, so that the reader gets further than the first one.
            for (var index = 0; index < garbage.Length; index++)
            {
                garbage[index] = random.Next(4) == 0 ? garbage[index] : (byte)(garbage[index] % 8);
            }
            DecodeOrRefuse(garbage);
        }
    }

    [Fact]
    public void Damaged_headers_are_headers_or_a_FormatException()
    {
        var random = new Random(20261124);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = HeaderCodec.Encode(RandomMap(random, 0).With("last", 1));
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            DecodeOrRefuse(random.Next(2) == 0 ? bytes : bytes[..random.Next(bytes.Length)]);
        }
    }

    [Fact]
    public void Headers_cut_at_any_byte_are_refused()
    {
        var bytes = HeaderCodec.Encode(new MessageHeaders([new("a", HeaderValue.From([1, "two"])), new("b", new byte[] { 3 })]));

        for (var length = 1; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => MessageHeaders.FromEncoded(bytes.AsMemory(0, length)).Count);
        }
    }

    [Theory]
    [InlineData("", "empty name")]
    [InlineData("a", "'a' is given twice")]
    public void Damaged_names_are_a_FormatException_at_any_depth(string second, string fault)
    {
        byte[] map = [2, 0, 0, 0, 1, 0, 0, 0, (byte)'a', 0, (byte)second.Length, 0, 0, 0, .. second.Select(letter => (byte)letter), 0];
        byte[] nested = [1, 0, 0, 0, 1, 0, 0, 0, (byte)'m', (byte)HeaderKind.Map, .. map];

        Assert.Contains(fault, Assert.Throws<FormatException>(() => MessageHeaders.FromEncoded(map).Count).Message, StringComparison.Ordinal);
        Assert.Contains(fault, Assert.Throws<FormatException>(() => MessageHeaders.FromEncoded(nested).Count).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nested_lists_that_claim_the_rest_reserve_nothing_for_their_claims()
    {
        // Thirty lists in one another, each claiming about a million items in the megabyte behind it.
        var bytes = new byte[1_000_000];
        byte[] start = [1, 0, 0, 0, 1, 0, 0, 0, (byte)'a'];
        start.CopyTo(bytes, 0);
        var offset = start.Length;
        for (var depth = 0; depth < 30; depth++)
        {
            bytes[offset] = (byte)HeaderKind.List;
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset + 1), bytes.Length - offset - 5);
            offset += 5;
        }
        bytes[offset] = 99;
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<FormatException>(() => MessageHeaders.FromEncoded(bytes).Count);

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    private static void DecodeOrRefuse(byte[] bytes)
    {
        try
        {
            var headers = MessageHeaders.FromEncoded(bytes);
            Assert.Equal(headers.Count, headers.Count(header => header.Key.Length > 0));
        }
        catch (FormatException)
        {
            return;
        }
    }

    private static MessageHeaders RoundTrip(MessageHeaders headers) => MessageHeaders.FromEncoded(HeaderCodec.Encode(headers));

    private static MessageHeaders Nested(int depth)
    {
        HeaderValue value = 1;
        for (; depth > 0; depth--)
        {
            value = depth % 2 == 0 ? HeaderValue.From([value]) : HeaderValue.From(new MessageHeaders([new("n", value)]));
        }
        return new MessageHeaders([new("top", value)]);
    }

    private static MessageHeaders RandomMap(Random random, int depth) =>
        new(Enumerable.Range(0, random.Next(5)).Select(number => new KeyValuePair<string, HeaderValue>($"é{number}", RandomValue(random, depth))));

    private static HeaderValue RandomValue(Random random, int depth) => random.Next(depth < 4 ? 8 : 6) switch
    {
        0 => HeaderValue.Null,
        1 => random.Next(2) == 0,
        2 => random.NextInt64(),
        3 => random.NextDouble(),
        4 => new string('ü', random.Next(20)),
        5 => new byte[random.Next(20)],
        6 => HeaderValue.From([.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth + 1))]),
        _ => HeaderValue.From(RandomMap(random, depth + 1)),
    };
}
