namespace Celeriac.Stomp.Tests.Client;

public sealed class FrameParserPropertyTests
{
    [Fact]
    public void Any_frames_cut_anywhere_come_out_as_they_went_in() =>
        RandomFrames.Check(RandomFrames.Lists, frames => frames.Count == 0 || Same(frames, Wire.Parse(Wire.Cut(Wire.Encode(frames), new Random(frames.Count)))));

    [Fact]
    public void Any_frames_byte_by_byte_come_out_as_they_went_in() =>
        RandomFrames.Check(RandomFrames.Lists, frames => frames.Count == 0 || Same(frames, Wire.Parse(Wire.EveryByte(Wire.Encode(frames)))), 300);

    [Fact]
    public void Frames_cut_in_two_at_every_byte_come_out_as_they_went_in()
    {
        List<StompFrame> frames =
        [
            new("MESSAGE", [new("a", "1:2\\3\n4\r5"), new("a", "second"), new("ž😀", "")], "body\0with\nends"u8.ToArray()),
            new("RECEIPT", [new("receipt-id", "7")]),
            new("ERROR", [new("message", "no")], "why"u8.ToArray()),
        ];
        var bytes = Wire.Encode(frames);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.True(Same(frames, Wire.Parse([bytes[..cut], bytes[cut..]])), $"cut at {cut}");
        }
    }

    [Fact]
    public void Garbage_that_looks_like_frames_gives_frames_or_one_protocol_exception_however_it_is_cut() =>
        RandomFrames.Check(RandomFrames.Garbage, bytes => Outcome([bytes]) == Outcome(Wire.EveryByte(bytes)) && Outcome([bytes]) == Outcome(Wire.Cut(bytes, new Random(bytes.Length))), 3000);

    [Fact]
    public void Any_bytes_give_frames_or_one_protocol_exception_however_they_are_cut() =>
        RandomFrames.Check(RandomFrames.Bytes, bytes => Outcome([bytes]) == Outcome(Wire.EveryByte(bytes)));

    [Fact]
    public void Frames_with_a_byte_changed_give_frames_or_one_protocol_exception() =>
        RandomFrames.Check(RandomFrames.Lists, frames =>
        {
            var bytes = frames.Count == 0 ? [0] : Wire.Encode(frames);
            var random = new Random(bytes.Length);
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            return Outcome([bytes]) == Outcome(Wire.EveryByte(bytes));
        });

    private static bool Same(List<StompFrame> sent, List<StompFrame> received) => sent.Select(Wire.Show).SequenceEqual(received.Select(Wire.Show));

    // What came out; where it failed, the frames before are the same however the bytes were cut.
    private static string Outcome(IEnumerable<byte[]> pieces)
    {
        var frames = new List<string>();
        var parser = Wire.NewParser();
        try
        {
            frames.AddRange(Wire.Parse(pieces, parser).Select(Wire.Show));
            return string.Join('\n', frames);
        }
        catch (StompProtocolException)
        {
            return "protocol";
        }
    }
}
