namespace Celeriac.Messaging;

/// <summary>A parsed broker URL.</summary>
public sealed class BrokerUrl
{
    private BrokerUrl(string scheme, string path, IReadOnlyDictionary<string, string> options)
    {
        Scheme = scheme;
        Path = path;
        Options = options;
    }

    /// <summary>The scheme, lower case.</summary>
    public string Scheme { get; }
    /// <summary>What follows the host: a virtual host, or a file's path.</summary>
    public string Path { get; }
    /// <summary>The options after the question mark.</summary>
    public IReadOnlyDictionary<string, string> Options { get; }

    /// <summary>Parses.</summary>
    /// <exception cref="BrokerUrlException">The URL is malformed.</exception>
    public static BrokerUrl Parse(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var colon = url.IndexOf("://", StringComparison.Ordinal);
        if (colon <= 0)
        {
            throw new BrokerUrlException("The broker URL has no scheme.");
        }
        var rest = url[(colon + 3)..].Split('?', 2);
        var options = rest.Length == 1 ? [] : rest[1].Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[^1]);
        return new BrokerUrl(url[..colon].ToLowerInvariant(), rest[0], options);
    }
}
