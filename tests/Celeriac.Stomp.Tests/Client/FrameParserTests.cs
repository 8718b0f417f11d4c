using System.Text;

namespace Celeriac.Stomp.Tests.Client;

public sealed class FrameParserTests
{
    [Fact]
    public void Lines_may_end_with_a_carriage_return_too()
    {
        var frame = Assert.Single(Wire.Parse("MESSAGE\r\na:b\r\nc:\r\n\r\nbody\0"));
        Assert.Equal("MESSAGE|a=b|c=|626F6479", Wire.Show(frame));
    }

    [Fact]
    public void Ends_of_lines_between_frames_are_beats_and_no_frames() =>
        Assert.Equal(["RECEIPT", "RECEIPT"], Wire.Parse("\n\r\n\nRECEIPT\n\n\0\n\r\n\nRECEIPT\n\n\0\n").Select(frame => frame.Command));

    [Fact]
    public void The_first_of_repeated_headers_counts()
    {
        var frame = Assert.Single(Wire.Parse("MESSAGE\nfoo:World\nfoo:Hello\n\n\0"));
        Assert.Equal("World", frame.Headers.Find("foo"));
        Assert.Equal(2, frame.Headers.Count);
    }

    [Fact]
    public void The_first_of_repeated_content_lengths_counts() =>
        Assert.Equal("ab\0", Assert.Single(Wire.Parse("MESSAGE\ncontent-length:3\ncontent-length:1\n\nab\0\0")).GetBodyText());

    [Fact]
    public void A_body_without_content_length_goes_on_to_the_NUL() =>
        Assert.Equal("one\ntwo", Assert.Single(Wire.Parse("MESSAGE\n\none\ntwo\0")).GetBodyText());

    [Fact]
    public void A_colon_in_a_value_need_not_be_escaped() => Assert.Equal("ID:host:1", Assert.Single(Wire.Parse("MESSAGE\nid:ID:host:1\n\n\0")).Headers.Find("id"));

    [Fact]
    public void Headers_of_CONNECTED_are_not_unescaped() => Assert.Equal("a\\cb\\t", Assert.Single(Wire.Parse("CONNECTED\nsession:a\\cb\\t\n\n\0")).Headers.Find("session"));

    [Fact]
    public void An_undefined_escape_in_an_ERROR_is_kept_so_that_the_error_is_seen() =>
        Assert.Equal("no C:\\temp here: \\", Assert.Single(Wire.Parse("ERROR\nmessage:no C\\c\\temp here\\c \\\n\n\0")).Headers.Find("message"));

    [Fact]
    public void A_value_that_repeats_is_made_once()
    {
        var frames = Wire.Parse("MESSAGE\ndestination:/queue/a\ncustom:x\n\n\0MESSAGE\ndestination:/queue/a\ncustom:x\n\n\0");
        Assert.Same(frames[0].Headers[0].Value, frames[1].Headers[0].Value);
        Assert.Same(frames[0].Headers[1].Key, frames[1].Headers[1].Key);
    }

    [Theory]
    [InlineData("MESSAGE\na:\\t\n\n\0", "'\\t'")]
    [InlineData("MESSAGE\na:end\\\n\n\0", "undefined escape")]
    [InlineData("MESSAGE\nnocolon\n\n\0", "'nocolon', which is not 'name:value'")]
    [InlineData("MESSAGE\n:value\n\n\0", "':value', which is not")]
    [InlineData("MESSAGE\na:b\0", "a NUL where a line end was expected")]
    [InlineData("MESSAGE\ncontent-length:x\n\n\0", "content-length 'x'")]
    [InlineData("MESSAGE\ncontent-length:-1\n\n\0", "content-length '-1'")]
    [InlineData("MESSAGE\ncontent-length:99999999999999999999\n\n\0", "content-length '99999999999999999999'")]
    [InlineData("MESSAGE\ncontent-length:2\n\nabc\0", "goes on after the 2 bytes")]
    [InlineData("MESSAGE\ncontent-length:1048577\n\n", "over 1048576 bytes. Raise MaximumFrameBytes")]
    [InlineData("message\n\n\0", "unknown command 'message'")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nServer: x\r\n", "unknown command 'HTTP/1.1 400 Bad Request'")]
    [InlineData("AMQP\0\0\u0009\u0001", "does not speak STOMP here: it sent 'AMQP'")]
    [InlineData("-ERR this server speaks something else altogether", "does not speak STOMP here")]
    public void What_is_not_STOMP_is_named(string text, string expected)
    {
        var fault = Assert.Throws<StompProtocolException>(() => Wire.Parse(text));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_line_without_an_end_is_given_up_at_the_limit()
    {
        var fault = Assert.Throws<StompProtocolException>(() => Wire.Parse(Endless("MESSAGE\nlong:", 'x')));
        Assert.Contains($"a header line over {Wire.HeaderBytes} bytes, which begins with 'long:xxx", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_without_an_end_are_given_up_at_the_limit()
    {
        var fault = Assert.Throws<StompProtocolException>(() => Wire.Parse("MESSAGE\n" + string.Concat(Enumerable.Repeat("a:b\n", Wire.Headers + 1))));
        Assert.Contains($"more than {Wire.Headers} headers", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_without_an_end_is_given_up_at_the_limit()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = Assert.Throws<StompProtocolException>(() => Wire.Parse(Endless("MESSAGE\n\n", 'x')));
        Assert.Contains($"over {Wire.FrameBytes} bytes", fault.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * Wire.FrameBytes);
    }

    [Fact]
    public void A_length_over_the_limit_costs_no_memory()
    {
        var bytes = "MESSAGE\ncontent-length:2000000000\n\n"u8.ToArray();
        var parser = new FrameParser(1_999_999_999, Wire.HeaderBytes, Wire.Headers);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<StompProtocolException>(() => Wire.Parse([bytes], parser));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_frame_of_exactly_the_limit_is_taken()
    {
        var head = "MESSAGE\ncontent-length:1048539\n\n"u8.ToArray();
        var bytes = (byte[])[.. head, .. new byte[1048539], 0];
        var parser = new FrameParser(head.Length + 1048539, Wire.HeaderBytes, Wire.Headers);
        Assert.Equal(1048539, Assert.Single(Wire.Parse([bytes], parser)).Body.Length);
        parser = new FrameParser(head.Length + 1048538, Wire.HeaderBytes, Wire.Headers);
        Assert.Throws<StompProtocolException>(() => Wire.Parse([bytes], parser));
    }

    private static IEnumerable<byte[]> Endless(string start, char next)
    {
        yield return Encoding.UTF8.GetBytes(start);
        var piece = Encoding.UTF8.GetBytes(new string(next, 1000));
        while (true)
        {
            yield return piece;
        }
    }
}
