using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Celeriac.Stomp;

/// <summary>
/// Frames to bytes. <see cref="Measure"/> refuses whatever cannot be sent, so <see cref="Write"/> cannot fail: nothing of a refused frame
/// is ever on the wire.
/// </summary>
internal static class FrameEncoder
{
    private const string ContentLength = "content-length";
    private static readonly SearchValues<char> Plain = SearchValues.Create(Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Except(":\\").ToArray());
    private static readonly SearchValues<char> Escaped = SearchValues.Create("\\:\r\n");
    private static readonly SearchValues<char> CommandLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The bytes of a frame's command and headers, with the empty line that ends them.</summary>
    /// <exception cref="StompRefusedException">The frame cannot be sent.</exception>
    public static int Measure(StompFrame frame, string? receipt, int maximumHeaderBytes)
    {
        if (frame.Command.Length == 0 || frame.Command.AsSpan().ContainsAnyExcept(CommandLetters))
        {
            throw new StompRefusedException($"A frame with the command '{frame.Command}' cannot be sent: a command has upper-case letters only. Use one that StompFrames makes.");
        }
        var escape = Commands.IsEscaped(frame.Command);
        var bytes = frame.Command.Length + 2;
        foreach (var (name, value) in frame.Headers.AsSpan())
        {
            CheckName(frame, name, receipt);
            if (name != ContentLength)
            {
                var line = checked(MeasureText(frame, name, name, escape, isName: true) + 1 + MeasureText(frame, name, value, escape, isName: false));
                if (line > maximumHeaderBytes)
                {
                    throw new StompRefusedException(
                        $"The header '{Shorten(name)}' of a {frame.Command} frame is {line} bytes long on the wire and was not sent: the limit is {maximumHeaderBytes}. Move the value into the body or split it, or raise MaximumSentHeaderBytes if the server takes more.");
                }
                bytes = checked(bytes + line + 1);
            }
        }
        bytes += receipt is null ? 0 : "receipt:\n".Length + receipt.Length;
        return HasContentLength(frame) ? bytes + ContentLength.Length + 2 + Digits(frame.Body.Length) : bytes;
    }

    /// <summary>Writes a measured frame.</summary>
    /// <returns>How many bytes it has.</returns>
    public static long Write(IBufferWriter<byte> output, StompFrame frame, string? receipt, int headBytes)
    {
        var head = new HeadWriter(output.GetSpan(headBytes), Commands.IsEscaped(frame.Command));
        head.Literal(frame.Command);
        head.Byte((byte)'\n');
        foreach (var (name, value) in frame.Headers.AsSpan())
        {
            if (name != ContentLength)
            {
                head.Text(name);
                head.Byte((byte)':');
                head.Text(value);
                head.Byte((byte)'\n');
            }
        }
        if (receipt is not null)
        {
            head.Literal("receipt:");
            head.Literal(receipt);
            head.Byte((byte)'\n');
        }
        if (HasContentLength(frame))
        {
            head.Literal("content-length:");
            head.Number(frame.Body.Length);
            head.Byte((byte)'\n');
        }
        head.Byte((byte)'\n');
        output.Advance(headBytes);
        output.Write(frame.Body.Span);
        output.GetSpan(1)[0] = 0;
        output.Advance(1);
        return headBytes + (long)frame.Body.Length + 1;
    }

    // A received frame that is sent on may name a length that is not its body's any more.
    private static bool HasContentLength(StompFrame frame) => !frame.Body.IsEmpty || frame.Headers.Find(ContentLength) is not null;

    private static void CheckName(StompFrame frame, string name, string? receipt)
    {
        if (name.Length == 0)
        {
            throw new StompRefusedException($"A header of a {frame.Command} frame has no name and cannot be sent. Give it one.");
        }
        if (receipt is not null && name == "receipt")
        {
            throw new StompRefusedException($"The {frame.Command} frame has a 'receipt' header of its own. Leave it out: a request adds one and waits for it.");
        }
    }

    private static int MeasureText(StompFrame frame, string name, string text, bool escape, bool isName)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text.Length;
        }
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw Refuse(frame, name, "a NUL, which ends a frame");
        }
        if (!escape && (text.AsSpan().ContainsAny('\r', '\n') || (isName && text.Contains(':', StringComparison.Ordinal))))
        {
            throw Refuse(frame, name, "a line end or, in its name, a colon, which CONNECT frames cannot escape");
        }
        try
        {
            return Utf8.GetByteCount(text) + (escape ? CountEscaped(text) : 0);
        }
        catch (EncoderFallbackException fault)
        {
            throw new StompRefusedException(
                $"The header '{Shorten(name)}' of a {frame.Command} frame has half a surrogate pair and cannot be sent as UTF-8. Send text that was not cut inside a character.", fault);
        }
    }

    private static StompRefusedException Refuse(StompFrame frame, string name, string reason) =>
        new($"The header '{Shorten(name)}' of a {frame.Command} frame has {reason}, so it cannot be sent. Take it out, or move the value into the body.");

    private static int CountEscaped(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var index = text.IndexOfAny(Escaped); index >= 0; index = text.IndexOfAny(Escaped))
        {
            count++;
            text = text[(index + 1)..];
        }
        return count;
    }

    private static int Digits(int number)
    {
        var digits = 1;
        for (; number >= 10; number /= 10)
        {
            digits++;
        }
        return digits;
    }

    private static string Shorten(string name) =>
        (name.Length <= 64 ? name : name[..64] + "…").Replace("\0", "\\0", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private ref struct HeadWriter(Span<byte> room, bool escape)
    {
        private Span<byte> _rest = room;

        public void Byte(byte value)
        {
            _rest[0] = value;
            _rest = _rest[1..];
        }

        public void Number(int value)
        {
            Utf8Formatter.TryFormat(value, _rest, out var written);
            _rest = _rest[written..];
        }

        public void Literal(ReadOnlySpan<char> text) => _rest = _rest[Utf8.GetBytes(text, _rest)..];

        public void Text(ReadOnlySpan<char> text)
        {
            for (var index = escape ? text.IndexOfAny(Escaped) : -1; index >= 0; index = text.IndexOfAny(Escaped))
            {
                Literal(text[..index]);
                Byte((byte)'\\');
                Byte(text[index] switch { '\r' => (byte)'r', '\n' => (byte)'n', ':' => (byte)'c', _ => (byte)'\\' });
                text = text[(index + 1)..];
            }
            Literal(text);
        }
    }
}
