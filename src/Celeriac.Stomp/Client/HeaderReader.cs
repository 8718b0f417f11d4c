using System.Text;

namespace Celeriac.Stomp;

/// <summary>
/// Header lines to strings. A server repeats itself from message to message, so a name or value that equals the one at the same place in
/// the frame before is taken from there instead of being made again.
/// </summary>
internal sealed class HeaderReader(int maximumHeaders)
{
    private static readonly string[] KnownNames =
    [
        "subscription", "message-id", "destination", "ack", "content-type", "content-length", "receipt-id", "priority", "persistent", "expires",
        "timestamp", "redelivered", "correlation-id", "reply-to", "type", "version", "server", "session", "heart-beat", "message",
    ];

    private readonly List<KeyValuePair<string, string>> _headers = [];
    private StompHeaders _previous = StompHeaders.Empty;

    /// <summary>The first value of <c>content-length</c> in the frame so far.</summary>
    public string? ContentLength { get; private set; }

    /// <summary>Reads one line, without its end.</summary>
    public void Add(string command, ReadOnlySpan<byte> line)
    {
        if (_headers.Count >= maximumHeaders)
        {
            throw new StompProtocolException($"The server sent a {command} frame with more than {maximumHeaders} headers. Raise MaximumHeaders if that is meant.");
        }
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            throw new StompProtocolException($"The server sent a {command} frame with the header line '{Quote(line)}', which is not 'name:value'.");
        }
        var (name, value) = _headers.Count < _previous.Count ? _previous[_headers.Count] : default;
        var escape = Commands.IsEscaped(command);
        var header = new KeyValuePair<string, string>(
            Text(command, line[..colon], name, escape) is var read && ReferenceEquals(read, name) ? read : Known(read),
            Text(command, line[(colon + 1)..], value, escape));
        _headers.Add(header);
        if (header.Key == "content-length")
        {
            ContentLength ??= header.Value;
        }
    }

    /// <summary>What was read since the last call.</summary>
    public StompHeaders Take()
    {
        var taken = _headers.Count == 0 ? StompHeaders.Empty : new StompHeaders([.. _headers]);
        _headers.Clear();
        ContentLength = null;
        if (taken.Count > 1)
        {
            _previous = taken;
        }
        return taken;
    }

    /// <summary>Bytes as they may stand in an error text.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var value in bytes[..Math.Min(bytes.Length, 40)])
        {
            _ = value is >= (byte)' ' and <= (byte)'~' ? text.Append((char)value) : text.Append("\\x").Append(value.ToString("X2", null));
        }
        return bytes.Length > 40 ? text.Append('…').ToString() : text.ToString();
    }

    private static string Known(string name)
    {
        foreach (var known in KnownNames)
        {
            if (known == name)
            {
                return known;
            }
        }
        return name;
    }

    private static string Text(string command, ReadOnlySpan<byte> bytes, string? previous, bool escape)
    {
        if (previous is not null && Ascii.Equals(bytes, previous) && !(escape && bytes.Contains((byte)'\\')))
        {
            return previous;
        }
        return escape && bytes.Contains((byte)'\\') ? Unescape(command, bytes) : bytes.IsEmpty ? "" : Encoding.UTF8.GetString(bytes);
    }

    private static string Unescape(string command, ReadOnlySpan<byte> bytes)
    {
        var plain = new byte[bytes.Length];
        var length = 0;
        for (var index = 0; index < bytes.Length; index++)
        {
            var value = bytes[index];
            if (value == (byte)'\\')
            {
                var code = index + 1 < bytes.Length ? bytes[index + 1] : (byte)0;
                value = code switch { (byte)'r' => (byte)'\r', (byte)'n' => (byte)'\n', (byte)'c' => (byte)':', (byte)'\\' => (byte)'\\', _ => (byte)0 };
                // What an ERROR says matters more than how it is spelt: it may come from a server that speaks an older version.
                if (value == 0 && command != Commands.Error)
                {
                    throw new StompProtocolException($"The server sent a {command} frame with the undefined escape sequence '\\{Quote([code])}' in a header. STOMP 1.2 knows \\r, \\n, \\c and \\\\.");
                }
                (value, index) = value == 0 ? ((byte)'\\', index) : (value, index + 1);
            }
            plain[length++] = value;
        }
        return Encoding.UTF8.GetString(plain, 0, length);
    }
}
