using System.Buffers;
using System.Text;

namespace Celeriac.Stomp.Tests.Client;

/// <summary>Frames to bytes and back, cut as a test wants it.</summary>
internal static class Wire
{
    public const int FrameBytes = 1 << 20;
    public const int HeaderBytes = 4096;
    public const int Headers = 50;

    public static byte[] Encode(params IReadOnlyList<StompFrame> frames)
    {
        var output = new ArrayBufferWriter<byte>();
        new FrameBatch(frames, null, int.MaxValue).WriteTo(output);
        return output.WrittenSpan.ToArray();
    }

    public static string EncodeText(params IReadOnlyList<StompFrame> frames) => Encoding.UTF8.GetString(Encode(frames));

    /// <summary>Parses pieces as a pipe would hand them over: what was not taken comes again with the next piece.</summary>
    public static List<StompFrame> Parse(IEnumerable<byte[]> pieces, FrameParser? parser = null)
    {
        parser ??= NewParser();
        var frames = new List<StompFrame>();
        var rest = ReadOnlySequence<byte>.Empty;
        foreach (var piece in pieces)
        {
            rest = Join(rest, piece);
            while (parser.Read(ref rest) is { } frame)
            {
                frames.Add(frame);
            }
            Assert.True(rest.Length <= HeaderBytes + 1, $"{rest.Length} bytes were left in the buffer.");
        }
        return frames;
    }

    public static List<StompFrame> Parse(string text) => Parse([Encoding.UTF8.GetBytes(text)]);

    public static FrameParser NewParser() => new(FrameBytes, HeaderBytes, Headers);

    public static IEnumerable<byte[]> Cut(byte[] bytes, Random random)
    {
        for (var start = 0; start < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, random.Next(1, 40)), bytes.Length - start);
            yield return bytes[start..(start + length)];
            start += length;
        }
    }

    public static IEnumerable<byte[]> EveryByte(byte[] bytes) => bytes.Select(value => new[] { value });

    /// <summary>A frame as text, for comparing: the content-length that encoding adds is left out.</summary>
    public static string Show(StompFrame frame) =>
        $"{frame.Command}|{string.Join('|', frame.Headers.Where(header => header.Key != "content-length").Select(header => $"{header.Key}={header.Value}"))}|{Convert.ToHexString(frame.Body.Span)}";

    private static ReadOnlySequence<byte> Join(ReadOnlySequence<byte> rest, byte[] piece)
    {
        var first = new Segment(rest.ToArray(), null);
        var last = new Segment(piece, first);
        return new(first, 0, last, piece.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
