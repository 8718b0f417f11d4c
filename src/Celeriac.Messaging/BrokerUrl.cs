using System.Text;

namespace Celeriac.Messaging;

/// <summary>
/// A parsed broker URL: <c>amqp://user:password@host:5672/vhost?option=value</c> for a server, <c>sqlite://folder/file.db?option=value</c>
/// for a store inside the process. Text is percent-decoded. Several servers are parted by semicolons, each with its scheme.
/// The password appears in <see cref="Password"/> only: never in <see cref="ToString"/> and never in an error.
/// </summary>
public sealed partial class BrokerUrl
{
    /// <summary>The longest URL text that is read, in characters, failover list included.</summary>
    public const int MaximumLength = 8192;

    /// <summary>The most servers a failover list may name.</summary>
    public const int MaximumServers = 32;

    /// <summary>The most options a URL may have.</summary>
    public const int MaximumOptions = 64;

    internal BrokerUrl(string scheme, IReadOnlyDictionary<string, string> options)
    {
        Scheme = scheme;
        Options = options;
    }

    /// <summary>The scheme, lower case, for example <c>sqlite</c> or <c>amqp</c>.</summary>
    public string Scheme { get; }

    /// <summary>True for a store inside the process (<c>memory</c>, <c>sqlite</c>): everything between <c>://</c> and the options is <see cref="Path"/>.</summary>
    public bool IsEmbedded => BrokerUrlParser.IsEmbedded(Scheme);

    /// <summary>The user, or null where the URL names none.</summary>
    public string? User { get; internal init; }

    /// <summary>The password, or null where the URL has none. Keep it out of logs and errors.</summary>
    public string? Password { get; internal init; }

    /// <summary>The host name or address, an IPv6 address without brackets; <c>localhost</c> where a server's URL names none; empty for an embedded store.</summary>
    public string Host { get; internal init; } = "";

    /// <summary>The port, 1–65535, or null for the scheme's own.</summary>
    public int? Port { get; internal init; }

    /// <summary>
    /// For an embedded store its name or file: <c>sqlite://data/app.db</c> gives <c>data/app.db</c> and <c>sqlite:///data/app.db</c> gives <c>/data/app.db</c>.
    /// For a server what follows the slash after the host, as in Kombu: <c>amqp://host/shop</c> gives <c>shop</c>, and AMQP's default is the virtual host <c>/</c>.
    /// </summary>
    public string Path { get; internal init; } = "";

    /// <summary>The options after the question mark. Names are compared without regard to case. An option without a value has the empty text.</summary>
    public IReadOnlyDictionary<string, string> Options { get; }

    /// <summary>The further servers of a failover list, in order; empty where the URL names one server.</summary>
    public IReadOnlyList<BrokerUrl> Alternates { get; internal init; } = [];

    /// <summary>Reads a broker URL.</summary>
    /// <exception cref="BrokerUrlException">The URL is malformed or too long. The message never contains the password.</exception>
    public static BrokerUrl Parse(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return BrokerUrlParser.Parse(url);
    }

    /// <summary>The URL for logs and errors: passwords, and options that are named like one, read <c>***</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        AppendServer(text);
        foreach (var alternate in Alternates)
        {
            alternate.AppendServer(text.Append(';'));
        }
        return text.ToString();
    }

    private void AppendServer(StringBuilder text)
    {
        text.Append(Scheme).Append("://");
        if (IsEmbedded)
        {
            text.Append(BrokerUrlParser.HideCredentials(Escape(Path)));
        }
        else
        {
            AppendAuthority(text);
            text.Append('/').Append(Escape(Path));
        }
        var separator = '?';
        foreach (var (name, value) in Options)
        {
            text.Append(separator).Append(name).Append('=').Append(IsSecret(name) ? "***" : Escape(value));
            separator = '&';
        }
    }

    private void AppendAuthority(StringBuilder text)
    {
        if (User is not null || Password is not null)
        {
            text.Append(Escape(User ?? "")).Append(Password is null ? "" : ":***").Append('@');
        }
        text.Append(Host.Contains(':') ? $"[{Host}]" : Host);
        if (Port is { } port)
        {
            text.Append(':').Append(port);
        }
    }

    private static string Escape(string text) =>
        Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal).Replace("%20", " ", StringComparison.Ordinal)
            .Replace("%3A", ":", StringComparison.Ordinal).Replace("%5C", "\\", StringComparison.Ordinal);
}
