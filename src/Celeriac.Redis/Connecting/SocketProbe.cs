using System.Net.Sockets;

namespace Celeriac.Redis.Connecting;

/// <summary>Asks the system why the first server of the URL cannot be reached: the library's own first connect says only that it cannot.</summary>
internal static class SocketProbe
{
    /// <summary>The reason as a sentence; null where the server can be reached now.</summary>
    public static async Task<string?> FailureAsync(RedisOptions options)
    {
        var server = options.Servers[0];
        using var limit = new CancellationTokenSource(options.Reconnect.ConnectTimeout);
        using var socket = server is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(server, limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (SocketException error)
        {
            return RedisErrors.EndWithDot(error.Message);
        }
        catch (OperationCanceledException)
        {
            return $"No connection could be made within {options.Reconnect.ConnectTimeout.TotalSeconds:0.###} s.";
        }
    }
}
