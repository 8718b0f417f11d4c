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
    public void The_form_is_this_one()
    {
        // What is stored stays readable only while this stands.
        string[] names =
        [
            "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id", "argsrepr", "kwargsrepr",
            "origin", "ignore_result", "replaced_task_nesting", "stamped_headers", "stamps", "compression", "traceparent", "tracestate", "baggage",
        ];
        var encoded = HeaderCodec.Encode(new MessageHeaders(names.Select(name => new KeyValuePair<string, HeaderValue>(name, HeaderValue.Null))));
        byte[] expected = [0xFF, 0xFF, 0xFF, 0xFF, (byte)names.Length, .. names.SelectMany((_, place) => new[] { (byte)((place << 1) | 1), (byte)HeaderKind.Null })];
        Assert.Equal(expected, encoded);

        encoded = HeaderCodec.Encode(new MessageHeaders([new("é", -2), new("retries", 300), new("lang", "cs"), new("x", true), new("y", 1.0)]));
        expected =
        [
            0xFF, 0xFF, 0xFF, 0xFF, 5, 4, 0xC3, 0xA9, (byte)HeaderKind.Long, 3, 17, (byte)HeaderKind.Long, 0xD8, 0x04, 1, (byte)HeaderKind.Text, 2, (byte)'c', (byte)'s',
            2, (byte)'x', (byte)HeaderKind.Bool, 1, 2, (byte)'y', (byte)HeaderKind.Double, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F,
        ];
        Assert.Equal(expected, encoded);
    }

    [Fact]
    public void The_form_before_it_is_read()
    {
        byte[] older =
        [
            3, 0, 0, 0, 4, 0, 0, 0, .. "lang"u8, (byte)HeaderKind.Text, 2, 0, 0, 0, .. "cs"u8, 1, 0, 0, 0, (byte)'n', (byte)HeaderKind.Long, 44, 1, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0, (byte)'l', (byte)HeaderKind.List, 2, 0, 0, 0, (byte)HeaderKind.Bool, 1, 0, 0, 0, 0, 0, 0, 0, (byte)HeaderKind.Double, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F,
        ];

        Assert.Equal(new MessageHeaders([new("lang", "cs"), new("n", 300), new("l", HeaderValue.From([true, 1.0]))]), MessageHeaders.FromEncoded(older));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0xFF, 0x01, 0 }, "name number 127")]
    [InlineData(new byte[] { 1, 2, 97, 99 }, "unknown kind 99")]
    [InlineData(new byte[] { 2, 1, 0, 1, 0 }, "'lang' is given twice")]
    [InlineData(new byte[] { 1, 0, 0 }, "empty name")]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0 }, "does not end")]
    [InlineData(new byte[] { 100, 1, 0 }, "a length beyond their end")]
    public void Damaged_headers_say_what_is_wrong(byte[] damaged, string fault)
    {
        byte[] encoded = [0xFF, 0xFF, 0xFF, 0xFF, .. damaged];
        Assert.Contains(fault, Assert.Throws<FormatException>(() => MessageHeaders.FromEncoded(encoded).Count).Message, StringComparison.Ordinal);
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
            DecodeOrRefuse([0xFF, 0xFF, 0xFF, 0xFF, .. garbage]);
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nested_lists_that_claim_the_rest_reserve_nothing_for_their_claims(bool isOlder)
    {
        // Thirty lists in one another, each claiming about a million items in the megabyte behind it.
        var bytes = new byte[1_000_000];
        byte[] start = isOlder ? [1, 0, 0, 0, 1, 0, 0, 0, (byte)'a'] : [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, (byte)'a'];
        start.CopyTo(bytes, 0);
        var offset = start.Length;
        for (var depth = 0; depth < 30; depth++)
        {
            bytes[offset] = (byte)HeaderKind.List;
            var claim = bytes.Length - offset - 5;
            byte[] length = isOlder ? BitConverter.GetBytes(claim) : [(byte)(claim | 0x80), (byte)((claim >> 7) | 0x80), (byte)(claim >> 14)];
            length.CopyTo(bytes, offset + 1);
            offset += 1 + length.Length;
        }
        bytes[offset] = 99;
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("unknown kind 99", Assert.Throws<FormatException>(() => MessageHeaders.FromEncoded(bytes).Count).Message, StringComparison.Ordinal);

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
