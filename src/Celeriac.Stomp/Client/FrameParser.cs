using System.Buffers;
using System.Globalization;
using System.Text;

namespace Celeriac.Stomp;

/// <summary>
/// Bytes to frames, whatever way they are cut. Everything read is taken from the buffer at once, except a line that has not ended, so the
/// buffer stays small and nothing is looked at twice. Every limit is checked before memory is taken.
/// </summary>
internal sealed class FrameParser(int maximumFrameBytes, int maximumHeaderBytes, int maximumHeaders)
{
    private const int LongestCommand = 32;
    private readonly HeaderReader _headers = new(maximumHeaders);
    private Stage _stage;
    private string _command = "";
    private long _frameBytes;
    private byte[] _body = [];
    private int _bodyBytes;
    private ArrayBufferWriter<byte>? _openBody;

    private enum Stage
    {
        Command,
        Headers,
        SizedBody,
        OpenBody,
        End,
        Complete,
    }

    /// <summary>Whether a frame has begun and not ended.</summary>
    public bool IsInsideFrame => _stage != Stage.Command;

    /// <summary>Takes the next frame from the buffer, or what there is of it; null if more bytes are needed.</summary>
    /// <exception cref="StompProtocolException">The bytes are not STOMP 1.2 or over a limit. The parser cannot be used again.</exception>
    public StompFrame? Read(ref ReadOnlySequence<byte> buffer)
    {
        while (true)
        {
            var isDone = _stage switch
            {
                Stage.Command => ReadCommand(ref buffer),
                Stage.Headers => ReadHeader(ref buffer),
                Stage.SizedBody => ReadSizedBody(ref buffer),
                Stage.OpenBody => ReadOpenBody(ref buffer),
                Stage.End => ReadEnd(ref buffer),
                _ => throw new InvalidOperationException($"Stage '{_stage}' is not known."),
            };
            if (!isDone)
            {
                return null;
            }
            if (_stage == Stage.Complete)
            {
                return Take();
            }
        }
    }

    private bool ReadCommand(ref ReadOnlySequence<byte> buffer)
    {
        SkipLineEnds(ref buffer);
        if (!TryReadLine(ref buffer, LongestCommand, out var line))
        {
            return false;
        }
        _command = Name(line);
        _stage = Stage.Headers;
        return true;
    }

    private bool ReadHeader(ref ReadOnlySequence<byte> buffer)
    {
        if (!TryReadLine(ref buffer, maximumHeaderBytes, out var line))
        {
            return false;
        }
        if (!line.IsEmpty)
        {
            _headers.Add(_command, line);
            return true;
        }
        if (_headers.ContentLength is { } length)
        {
            _body = Allocate(length);
            _stage = _body.Length == 0 ? Stage.End : Stage.SizedBody;
        }
        else
        {
            _stage = Stage.OpenBody;
        }
        return true;
    }

    private bool ReadSizedBody(ref ReadOnlySequence<byte> buffer)
    {
        var part = buffer.Slice(0, Math.Min(buffer.Length, _body.Length - _bodyBytes));
        part.CopyTo(_body.AsSpan(_bodyBytes));
        _bodyBytes += (int)part.Length;
        buffer = buffer.Slice(part.End);
        if (_bodyBytes < _body.Length)
        {
            return false;
        }
        _stage = Stage.End;
        return true;
    }

    private bool ReadOpenBody(ref ReadOnlySequence<byte> buffer)
    {
        var end = buffer.PositionOf((byte)0);
        var part = end is null ? buffer : buffer.Slice(0, end.Value);
        Count(part.Length);
        buffer = buffer.Slice(part.End);
        if (end is not null && _openBody is null)
        {
            _body = part.IsEmpty ? [] : part.ToArray();
        }
        else
        {
            _openBody ??= new ArrayBufferWriter<byte>();
            foreach (var piece in part)
            {
                _openBody.Write(piece.Span);
            }
        }
        if (end is null)
        {
            return false;
        }
        _body = _openBody?.WrittenSpan.ToArray() ?? _body;
        _bodyBytes = _body.Length;
        _stage = Stage.End;
        return true;
    }

    private bool ReadEnd(ref ReadOnlySequence<byte> buffer)
    {
        if (!new SequenceReader<byte>(buffer).TryPeek(out var end))
        {
            return false;
        }
        if (end != 0)
        {
            throw new StompProtocolException($"The server sent a {_command} frame whose body goes on after the {_body.Length} bytes that its content-length says.");
        }
        buffer = buffer.Slice(1);
        _stage = Stage.Complete;
        return true;
    }

    private StompFrame Take()
    {
        var frame = new StompFrame(_command, _headers.Take(), _body);
        (_stage, _body, _bodyBytes, _frameBytes, _openBody) = (Stage.Command, [], 0, 0, null);
        return frame;
    }

    private static void SkipLineEnds(ref ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.AdvancePastAny((byte)'\n', (byte)'\r');
        buffer = buffer.Slice(reader.Position);
    }

    // A NUL ends the wait for a line that will never come.
    private bool TryReadLine(ref ReadOnlySequence<byte> buffer, int maximum, out ReadOnlySpan<byte> line)
    {
        line = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadToAny(out ReadOnlySequence<byte> read, "\n\0"u8, advancePastDelimiter: false))
        {
            CheckLine(buffer, maximum);
            return false;
        }
        CheckLine(read, maximum);
        reader.TryRead(out var delimiter);
        if (delimiter == 0)
        {
            throw NotStomp(read, "a NUL where a line end was expected");
        }
        Count(reader.Consumed);
        buffer = buffer.Slice(reader.Position);
        line = Flat(read);
        line = line is [.. var rest, (byte)'\r'] ? rest : line;
        return true;
    }

    private void CheckLine(ReadOnlySequence<byte> line, int maximum)
    {
        // One more for the carriage return that may end it.
        if (line.Length > maximum + 1L)
        {
            throw _stage == Stage.Command
                ? NotStomp(line, "no STOMP command")
                : new StompProtocolException($"The server sent a {_command} frame with a header line over {maximum} bytes, which begins with '{HeaderReader.Quote(Flat(line.Slice(0, 41)))}'. Raise MaximumHeaderBytes if that is meant.");
        }
    }

    private StompProtocolException NotStomp(ReadOnlySequence<byte> line, string what)
    {
        var start = HeaderReader.Quote(Flat(line.Slice(0, Math.Min(line.Length, 41))));
        return _stage == Stage.Command
            ? new($"The server does not speak STOMP here: it sent '{start}', which has {what}. Check the port.")
            : new($"The server sent a {_command} frame with {what}, after '{start}'.");
    }

    private static string Name(ReadOnlySpan<byte> line)
    {
        foreach (var known in Commands.All)
        {
            if (Ascii.Equals(line, known))
            {
                return known;
            }
        }
        throw new StompProtocolException($"The server sent a frame with the unknown command '{HeaderReader.Quote(line)}'. Check that the port is the server's STOMP port.");
    }

    private byte[] Allocate(string contentLength)
    {
        if (!long.TryParse(contentLength, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            var shown = contentLength.Length <= 32 ? contentLength : contentLength[..32] + "…";
            throw new StompProtocolException($"The server sent a {_command} frame with the content-length '{shown}'. A number of bytes was expected.");
        }
        Count(length);
        return length == 0 ? [] : GC.AllocateUninitializedArray<byte>((int)length);
    }

    private void Count(long bytes)
    {
        if (bytes > maximumFrameBytes - _frameBytes)
        {
            throw new StompProtocolException($"The server sent a {_command} frame over {maximumFrameBytes} bytes. Raise MaximumFrameBytes if that is meant, or send smaller messages.");
        }
        _frameBytes += bytes;
    }

    private static ReadOnlySpan<byte> Flat(ReadOnlySequence<byte> line) => line.IsSingleSegment ? line.FirstSpan : line.ToArray();
}
