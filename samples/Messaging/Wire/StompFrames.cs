using System.Text;

namespace MessagingSample.Wire;

/// <summary>STOMP's frames are text as it is: a command, a line for each header, an empty line, the body, and a zero byte (^@).</summary>
internal static class StompFrames
{
    private const string Receipt = "receipt:";

    /// <summary>The client's frames as lines.</summary>
    internal static IEnumerable<string> Lines(byte[] bytes) => Frames(bytes).SelectMany(LinesOf);

    /// <summary>The broker's answers to these frames. It may answer earlier ones meanwhile.</summary>
    internal static IEnumerable<string> AnswersTo(byte[] sent, byte[] answered)
    {
        var awaited = Lines(sent).Where(line => line.StartsWith(Receipt, StringComparison.Ordinal)).Select(line => "receipt-id:" + line[Receipt.Length..]).ToHashSet();
        return Frames(answered).Where(frame => LinesOf(frame).Any(awaited.Contains)).SelectMany(LinesOf);
    }

    // Our body is text without a zero byte, so that content-length is not needed to find the end. A line feed between frames is a heart-beat.
    private static IEnumerable<string> Frames(byte[] bytes) =>
        Encoding.UTF8.GetString(bytes).Split('\0').Select(frame => frame.TrimStart('\r', '\n')).Where(frame => frame.Length > 0);

    private static IEnumerable<string> LinesOf(string frame) => (frame + "^@").Split('\n').Select(line => line.TrimEnd('\r'));
}
