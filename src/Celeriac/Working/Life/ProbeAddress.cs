using System.Globalization;
using System.Net;

namespace Celeriac.Working.Life;

/// <summary>Where a probe listens: a port of this machine alone, or an address with a port.</summary>
internal static class ProbeAddress
{
    /// <summary>Reads <c>8080</c>, <c>0.0.0.0:8080</c>, <c>[::]:8080</c> or <c>*:8080</c>; null where it is none of them.</summary>
    public static IPEndPoint? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }
        return colon < 0 ? new IPEndPoint(IPAddress.Loopback, port)
            : text[..colon] switch
            {
                "localhost" => new IPEndPoint(IPAddress.Loopback, port),
                "*" => new IPEndPoint(IPAddress.Any, port),
                ['[', .. var inner, ']'] when IPAddress.TryParse(inner, out var address) => new IPEndPoint(address, port),
                var host when !host.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(host, out var address) => new IPEndPoint(address, port),
                _ => null,
            };
    }
}
