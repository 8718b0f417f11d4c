using System.Buffers.Binary;

namespace Celeriac.Amqp.Library;

/// <summary>Follows the frames in a stream of bytes, however it is cut, and mends content headers once they are complete.</summary>
internal sealed class MendingFrames
{
    private const int Head = 7;
    private const byte ContentHeader = 2;

    // No broker sends a content header beyond its frame size; a longer one is none, and is left for the library to complain of.
    private const int LongestHeader = 16 << 20;
    private long _passing;

    /// <summary>Answers how many of the bytes may be handed on; the others must be shown again with what follows them.</summary>
    public int Pass(Span<byte> data)
    {
        var passed = 0;
        while (passed < data.Length)
        {
            if (_passing > 0)
            {
                var step = (int)Math.Min(_passing, data.Length - passed);
                _passing -= step;
                passed += step;
                continue;
            }
            var frame = data[passed..];
            if (frame.Length < Head)
            {
                break;
            }
            var length = BinaryPrimitives.ReadUInt32BigEndian(frame[3..]);
            var whole = Head + (long)length + 1;
            if (frame[0] == ContentHeader && length <= LongestHeader)
            {
                if (frame.Length < whole)
                {
                    break;
                }
                HeaderMender.Mend(frame.Slice(Head, (int)length));
            }
            _passing = whole;
        }
        return passed;
    }
}
