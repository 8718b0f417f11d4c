using System.Net.Sockets;

namespace Celeriac.Working.Life;

/// <summary>As much of an HTTP request as a probe needs: its method and path. Whoever sends it is trusted with nothing.</summary>
internal static class ProbeRequest
{
    /// <summary>More than this is not read.</summary>
    public const int MostBytes = 4096;

    /// <summary>What is wrong with it as an HTTP status, or 0 and the path.</summary>
    public static async ValueTask<(int Fault, string Path)> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[MostBytes];
        var count = 0;
        while (count < MostBytes)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(count), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return (400, "");
            }
            // The end may have come in two pieces.
            var from = Math.Max(0, count - 3);
            count += read;
            if (buffer.AsSpan(from, count - from).IndexOf("\r\n\r\n"u8) >= 0)
            {
                return FirstLine(buffer.AsSpan(0, count));
            }
        }
        return (431, "");
    }

    private static (int Fault, string Path) FirstLine(ReadOnlySpan<byte> request)
    {
        var line = request[..request.IndexOf("\r\n"u8)];
        var method = line.IndexOf((byte)' ');
        if (method <= 0 || !line.EndsWith(" HTTP/1.1"u8) && !line.EndsWith(" HTTP/1.0"u8) || line.Length < method + 11)
        {
            return (400, "");
        }
        var target = line[(method + 1)..^9];
        var query = target.IndexOf((byte)'?');
        var path = query < 0 ? target : target[..query];
        return !line[..method].SequenceEqual("GET"u8) ? (405, "")
            : path.SequenceEqual("/live"u8) ? (0, "/live")
            : path.SequenceEqual("/ready"u8) ? (0, "/ready")
            : path.SequenceEqual("/lag"u8) ? (0, "/lag")
            : (404, "");
    }
}
