using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Celeriac.Messaging;

/// <summary>
/// Reads broker URLs. Its errors name the part at fault and never quote text from where a password could stand: in a malformed URL
/// (a forgotten <c>@</c>, a raw slash in the password) nobody can tell where the password ends.
/// </summary>
internal static class BrokerUrlParser
{
    private const string Encode =
        "Percent-encode special characters in user and password: '/' is %2F, '@' is %40, ':' is %3A, ';' is %3B, '?' is %3F, '%' is %25.";
    private static readonly SearchValues<char> SchemeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789+-.");
    private static readonly SearchValues<char> OptionCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    private static readonly SearchValues<char> NotInHosts = SearchValues.Create(" /\\?#[]@:<>\"'|^`{}%&=");

    /// <summary>Unknown schemes count as servers, because that reading hides a password.</summary>
    internal static bool IsEmbedded(string scheme) => scheme is "memory" or "sqlite";

    internal static BrokerUrl Parse(string url)
    {
        RequireReadable(url);
        var (scheme, _) = SplitScheme(url);
        var servers = url.Split(';');
        if (servers.Length == 1)
        {
            return ParseServer(url, []);
        }
        if (IsEmbedded(scheme))
        {
            throw Fault(scheme, $"has a semicolon, which parts the servers of a failover list, but {scheme} has no servers.", "Write a semicolon in a name as %3B.");
        }
        if (servers.Length > BrokerUrl.MaximumServers)
        {
            throw Fault(scheme, $"lists {servers.Length} servers, but at most {BrokerUrl.MaximumServers} are allowed.", "Shorten the failover list.");
        }
        // A trailing semicolon is common where the list is put together by a script.
        var alternates = servers.Skip(1).Where(server => server.Length > 0).Select(server => ParseServer(server, [])).ToArray();
        return alternates.FirstOrDefault(alternate => alternate.Scheme != scheme) is { } other
            ? throw Fault(scheme, $"mixes the schemes '{scheme}' and '{other.Scheme}' in its failover list.", "Give every server the same scheme.")
            : ParseServer(servers[0], alternates);
    }

    /// <summary>Hides what looks like <c>user:password@</c> in text that should have none.</summary>
    internal static string HideCredentials(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var at = Math.Max(text.LastIndexOf('@'), text.LastIndexOf("%40", StringComparison.Ordinal));
        return colon < 0 || at <= colon ? text : string.Concat(text.AsSpan(0, colon + 1), "***", text.AsSpan(at));
    }

    private static void RequireReadable(string url)
    {
        if (url.Length > BrokerUrl.MaximumLength)
        {
            throw new BrokerUrlException($"The broker URL has {url.Length} characters, but at most {BrokerUrl.MaximumLength} are allowed. Shorten it.");
        }
        for (var index = 0; index < url.Length; index++)
        {
            var paired = char.IsSurrogatePair(url, index);
            if (char.IsControl(url[index]) || (char.IsSurrogate(url[index]) && !paired))
            {
                throw new BrokerUrlException(
                    $"The broker URL has a control character or broken text (U+{(int)url[index]:X4}) at position {index}. "
                    + "Remove it; a line break at the end is the usual cause.");
            }
            index += paired ? 1 : 0;
        }
    }

    private static (string Scheme, string Remainder) SplitScheme(string url)
    {
        var end = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = end <= 0 ? "" : url[..end].ToLowerInvariant();
        if (scheme.Length is > 0 and <= 32 && char.IsAsciiLetterLower(scheme[0]) && !scheme.AsSpan().ContainsAnyExcept(SchemeCharacters))
        {
            return (scheme, url[(end + 3)..]);
        }
        var shown = url.Length is > 0 and <= 64 && url.AsSpan().IndexOfAny(":@;") < 0 ? $"The broker URL '{url}'" : "The broker URL";
        throw new BrokerUrlException(
            $"{shown} does not begin with a scheme such as 'sqlite://' or 'amqp://'. "
            + $"Write for example sqlite://celeriac.db or amqp://user:password@host:5672/. {Encode}");
    }

    private static BrokerUrl ParseServer(string url, IReadOnlyList<BrokerUrl> alternates)
    {
        var (scheme, rest) = SplitScheme(url);
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var place = question < 0 ? rest : rest[..question];
        var query = question < 0 ? "" : rest[(question + 1)..];
        if (IsEmbedded(scheme))
        {
            RefuseCredentials(scheme, place);
            return new BrokerUrl(scheme, ParseOptions(scheme, query)) { Path = PercentText.Decode(scheme, "path", place) };
        }
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        var path = slash < 0 ? "" : place[(slash + 1)..];
        if (path.Contains('@', StringComparison.Ordinal) || query.Contains('@', StringComparison.Ordinal))
        {
            throw Fault(scheme, "has an '@' after the first '/' or '?', so a user or password seems to contain one of these raw.", Encode);
        }
        return ParseAuthority(scheme, slash < 0 ? place : place[..slash], path, query, alternates);
    }

    private static BrokerUrl ParseAuthority(string scheme, string authority, string path, string query, IReadOnlyList<BrokerUrl> alternates)
    {
        var at = authority.LastIndexOf('@');
        var credentials = at < 0 ? [] : authority[..at].Split(':', 2);
        var (host, port) = ParseHost(scheme, authority[(at + 1)..]);
        var decodedPath = PercentText.Decode(scheme, "path", path);
        return new BrokerUrl(scheme, ParseOptions(scheme, query))
        {
            User = credentials is [{ Length: > 0 } user, ..] ? PercentText.Decode(scheme, "user", user) : null,
            Password = credentials is [_, var password] ? PercentText.Decode(scheme, "password", password) : null,
            Host = host,
            Port = port,
            Path = decodedPath.Length == 0 && scheme.Contains("amqp", StringComparison.Ordinal) ? "/" : decodedPath,
            Alternates = alternates,
        };
    }

    private static void RefuseCredentials(string scheme, string place)
    {
        var first = place.AsSpan(0, place.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0 ? slash : place.Length);
        var at = first.LastIndexOf('@');
        if (at > 0 && first[..at].Contains(':'))
        {
            throw Fault(scheme, $"has a user and password, but {scheme} has neither.", $"Write {scheme}://name without them; in a file's name '@' is %40.");
        }
    }

    private static (string Host, int? Port) ParseHost(string scheme, string text)
    {
        var bracket = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        var colon = text.IndexOf(':', bracket + 1);
        var host = bracket > 0 ? text[1..bracket] : colon < 0 ? text : text[..colon];
        var port = colon < 0 ? null : text[(colon + 1)..];
        var valid = bracket > 0
            ? (colon < 0 ? text.Length : colon) == bracket + 1 && IsAddress6(host = PercentText.Decode(scheme, "host", host))
            : host.Length <= 255 && !host.AsSpan().ContainsAny(NotInHosts);
        if (!valid)
        {
            throw Fault(scheme, $"has an invalid host. Write {scheme}://user:password@host:port/, an IPv6 address in brackets.", Encode);
        }
        host = host.Length == 0 ? "localhost" : host;
        if (port is not { Length: > 0 })
        {
            return (host, null);
        }
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 65535
            ? (host, number)
            : throw Fault(scheme, $"has no valid port after its host: expected 1 to 65535. Write {scheme}://user:password@host:port/.", Encode);
    }

    private static bool IsAddress6(string host) => IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    private static Dictionary<string, string> ParseOptions(string scheme, string query)
    {
        var options = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            if (parts[0].Length is 0 or > 64 || parts[0].AsSpan().ContainsAnyExcept(OptionCharacters))
            {
                throw Fault(scheme, "has an option whose name is empty or not made of letters, digits, '_', '-' and '.'. Write ?name=value&name=value.", Encode);
            }
            if (!options.TryAdd(parts[0], parts.Length == 1 ? "" : PercentText.Decode(scheme, $"option '{parts[0]}'", parts[1])))
            {
                throw Fault(scheme, $"gives the option '{parts[0]}' twice.", "Give it once.");
            }
            if (options.Count > BrokerUrl.MaximumOptions)
            {
                throw Fault(scheme, $"has more than {BrokerUrl.MaximumOptions} options.", "Remove some.");
            }
        }
        return options;
    }

    private static BrokerUrlException Fault(string scheme, string fault, string remedy) => new($"The {scheme} broker URL {fault} {remedy}");
}
