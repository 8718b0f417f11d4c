using System.Buffers;
using Celeriac.Amqp.Wire;

namespace Celeriac.Amqp.Tests.Frames;

public sealed class FrameTests
{
    private static readonly byte[] s_heartbeat = [8, 0, 0, 0, 0, 0, 0, 0xCE];
    private static readonly byte[] s_method = [1, 0, 1, 0, 0, 0, 4, 0, 60, 0, 31, 0xCE];

    [Fact]
    public void Frames_are_taken_however_the_stream_is_cut()
    {
        byte[] stream = [.. s_method, .. s_heartbeat, .. s_method];
        for (var cut = 1; cut < stream.Length; cut++)
        {
            var buffer = Cut(stream, cut);
            var types = new List<FrameType>();
            while (Frame.TryTake(ref buffer, 4096, out var frame))
            {
                types.Add(frame.Type);
            }
            Assert.Equal([FrameType.Method, FrameType.Heartbeat, FrameType.Method], types);
            Assert.True(buffer.IsEmpty);
        }
    }

    [Fact]
    public void A_frame_that_is_not_complete_stays()
    {
        for (var length = 0; length < s_method.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(s_method, 0, length);
            Assert.False(Frame.TryTake(ref buffer, 4096, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0 }, "4294967295 bytes")]
    [InlineData(new byte[] { 3, 0, 1, 0, 0, 0x10, 0, 0 }, "4096 bytes")]
    [InlineData(new byte[] { 9, 0, 1, 0, 0, 0, 0, 0xCE }, "unknown type 9")]
    [InlineData(new byte[] { 1, 0, 1, 0, 0, 0, 0, 0xCD }, "ends with 205")]
    [InlineData(new byte[] { 65, 77, 81, 80, 0, 1, 0, 0 }, "another version")]
    public void What_is_no_frame_is_said_at_once(byte[] bytes, string words)
    {
        var error = Assert.Throws<AmqpFormatException>(() =>
        {
            var buffer = new ReadOnlySequence<byte>(bytes);
            Frame.TryTake(ref buffer, 4096, out _);
        });
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_bytes_are_they_are_frames_or_refused()
    {
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 40)];
            random.NextBytes(bytes);
            if (bytes.Length > 6 && round % 2 == 0)
            {
                (bytes[0], bytes[3], bytes[4], bytes[5]) = ((byte)random.Next(1, 4), 0, 0, 0);
            }
            var buffer = new ReadOnlySequence<byte>(bytes);
            try
            {
                while (Frame.TryTake(ref buffer, 4096, out var frame))
                {
                    Assert.True(frame.Payload.Length <= 32);
                }
            }
            catch (AmqpFormatException)
            {
                // Refused in words; anything else fails the fact.
            }
        }
    }

    private static ReadOnlySequence<byte> Cut(byte[] stream, int at)
    {
        var first = new Piece(stream.AsMemory(0, at), 0);
        var second = new Piece(stream.AsMemory(at), at);
        first.Then(second);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long before) => (Memory, RunningIndex) = (memory, before);

        public void Then(Piece next) => Next = next;
    }
}
