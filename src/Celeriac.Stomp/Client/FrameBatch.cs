using System.Buffers;

namespace Celeriac.Stomp;

/// <summary>Frames of one call, checked and measured, with the receipt that the last of them asks for.</summary>
internal readonly struct FrameBatch
{
    private readonly (StompFrame Frame, int HeadBytes) only;
    private readonly (StompFrame Frame, int HeadBytes)[]? several;
    private readonly string? _receipt;

    // The list is copied: what was measured must be what is written, whatever its owner does meanwhile.
    public FrameBatch(IReadOnlyList<StompFrame> frames, string? receipt, int maximumHeaderBytes)
    {
        _receipt = receipt;
        if (frames.Count == 0)
        {
            throw new ArgumentException("There are no frames to write. Give at least one.", nameof(frames));
        }
        if (frames.Count == 1)
        {
            only = (frames[0], FrameEncoder.Measure(frames[0], receipt, maximumHeaderBytes));
            return;
        }
        several = new (StompFrame, int)[frames.Count];
        for (var index = 0; index < several.Length; index++)
        {
            several[index] = (frames[index], FrameEncoder.Measure(frames[index], index == several.Length - 1 ? receipt : null, maximumHeaderBytes));
        }
    }

    /// <summary>Writes them and returns how many bytes they have.</summary>
    public long WriteTo(IBufferWriter<byte> output)
    {
        if (several is null)
        {
            return FrameEncoder.Write(output, only.Frame, _receipt, only.HeadBytes);
        }
        var bytes = 0L;
        for (var index = 0; index < several.Length; index++)
        {
            bytes += FrameEncoder.Write(output, several[index].Frame, index == several.Length - 1 ? _receipt : null, several[index].HeadBytes);
        }
        return bytes;
    }
}
