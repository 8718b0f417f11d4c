using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Celeriac.Brokers;

/// <summary>
/// Ports of 127.0.0.1 that nobody listens on. They lie below the range from which the system serves outgoing connections: a port out of
/// that range could be taken while its server is away, and a client that calls it then could even be connected to itself.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 10_240;

    /// <summary>Finds ports, all different.</summary>
    public static int[] Find(int count)
    {
        var highest = FirstOutgoing() - 1;
        var ports = new HashSet<int>();
        for (var attempt = 0; ports.Count < count; attempt++)
        {
            if (attempt == 10_000)
            {
                throw new InvalidOperationException($"No {count} free ports were found between {Lowest} and {highest}. End some servers and start again.");
            }
            var port = Random.Shared.Next(Lowest, highest + 1);
            if (IsFree(port))
            {
                ports.Add(port);
            }
        }
        return [.. ports];
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FirstOutgoing()
    {
        const string file = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(file) ? int.Parse(File.ReadAllText(file).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 32_768;
        return first > Lowest + 1_000 ? first : 32_768;
    }
}
