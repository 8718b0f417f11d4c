namespace Celeriac.Stomp.Tests.Client;

public sealed class FrameEncoderTests
{
    [Fact]
    public void A_frame_is_written_as_the_specification_shows_it() =>
        Assert.Equal(
            "SEND\ndestination:/queue/a\ntransaction:t\nx:1\ncontent-length:5\n\nhello\0",
            Wire.EncodeText(StompFrames.Send("/queue/a", "hello"u8.ToArray(), [new("x", "1")], "t")));

    [Fact]
    public void The_frames_of_a_transaction_are_short()
    {
        Assert.Equal("BEGIN\ntransaction:t\n\n\0ACK\nid:7\ntransaction:t\n\n\0COMMIT\ntransaction:t\n\n\0", Wire.EncodeText(StompFrames.Begin("t"), StompFrames.Ack("7", "t"), StompFrames.Commit("t")));
        Assert.Equal("NACK\nid:7\nrequeue:false\n\n\0ABORT\ntransaction:t\n\n\0", Wire.EncodeText(StompFrames.Nack("7", headers: [new("requeue", "false")]), StompFrames.Abort("t")));
    }

    [Fact]
    public void Names_and_values_are_escaped() =>
        Assert.Equal("SEND\na\\cb:1\\c2\\\\3\\n4\\r5 ž😀\n\n\0", Wire.EncodeText(new StompFrame("SEND", [new("a:b", "1:2\\3\n4\r5 ž😀")])));

    [Fact]
    public void CONNECT_is_not_escaped() => Assert.Equal("CONNECT\npasscode:a:b\\c\n\n\0", Wire.EncodeText(new StompFrame("CONNECT", [new("passcode", "a:b\\c")])));

    [Fact]
    public void The_length_is_the_body_s_even_if_a_header_says_otherwise() =>
        Assert.Equal("SEND\ncontent-length:2\n\nab\0SEND\ncontent-length:0\n\n\0", Wire.EncodeText(
            new StompFrame("SEND", [new("content-length", "77")], "ab"u8.ToArray()),
            new StompFrame("SEND", [new("content-length", "77")])));

    [Theory]
    [InlineData("SEND", "a", "x\0y", "'a' of a SEND frame has a NUL")]
    [InlineData("SEND", "a\0", "x", "'a\\0' of a SEND frame has a NUL")]
    [InlineData("SEND", "", "x", "has no name")]
    [InlineData("CONNECT", "login", "x\ny", "'login' of a CONNECT frame has a line end")]
    [InlineData("CONNECT", "lo:gin", "x", "a colon")]
    [InlineData("SEND\nx", "a", "b", "upper-case letters only")]
    [InlineData("", "a", "b", "upper-case letters only")]
    public void What_cannot_be_sent_is_refused_in_words(string command, string name, string value, string expected)
    {
        var fault = Assert.Throws<StompRefusedException>(() => Wire.Encode(new StompFrame(command, [new(name, value)])));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    // Not a case of the theory: attributes cannot hold half a character.
    [Fact]
    public void Half_a_character_is_refused_in_words() =>
        Assert.Contains("half a surrogate pair", Assert.Throws<StompRefusedException>(() => Wire.Encode(new StompFrame("SEND", [new("a", "x\ud83d")]))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_refused_password_is_not_repeated() =>
        Assert.DoesNotContain("secret", Assert.Throws<StompRefusedException>(() => Wire.Encode(new StompFrame("CONNECT", [new("passcode", "secret\n")]))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(98, true)]
    [InlineData(99, false)]
    public void A_header_line_over_the_limit_is_refused_with_its_name_and_size(int length, bool isSent)
    {
        var frames = new[] { new StompFrame("SEND", [new("x", new string('y', length - 1) + "\n")]) };
        if (isSent)
        {
            _ = new FrameBatch(frames, null, 101);
            return;
        }
        var fault = Assert.Throws<StompRefusedException>(() => new FrameBatch(frames, null, 101));
        Assert.Contains("'x' of a SEND frame is 102 bytes long on the wire and was not sent: the limit is 101", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_s_own_receipt_is_refused() =>
        Assert.Throws<StompRefusedException>(() => new FrameBatch([new StompFrame("SEND", [new("receipt", "1")])], "2", 100));
}
