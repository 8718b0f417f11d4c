using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;

namespace Celeriac.Redis;

/// <summary>What a <c>redis://</c>, <c>rediss://</c> or <c>redis+socket://</c> URL says. Celery's names of options are understood beside ours.</summary>
internal sealed record RedisOptions
{
    private const int DefaultPort = 6379;

    private static readonly string[] s_celeryTls = ["ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"];

    /// <summary>The servers, the first one first.</summary>
    public required IReadOnlyList<EndPoint> Servers { get; init; }

    /// <summary>The database's number: the URL's path, or <c>virtual_host</c> of a socket.</summary>
    public int Database { get; init; }

    /// <summary>What stands before every key: <c>global_keyprefix</c>, with the underscore that Celery adds.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>The options that every server has. Its publish timeout (Celery's <c>socket_timeout</c>) bounds every read and write.</summary>
    public ReconnectOptions Reconnect { get; init; } = new();

    /// <summary>How the server is checked and what is shown to it; null without TLS.</summary>
    public BrokerTlsOptions? Tls { get; init; }

    /// <summary>The name that the server lists the connection by.</summary>
    public string ClientName { get; init; } = "celeriac";

    /// <summary>True: a call without a connection fails at once, and is known not to have been sent; false: it waits for one.</summary>
    public bool FailsFast { get; init; }

    /// <summary>How long a command waits for its answer; a connection that is silent four times as long is dropped.</summary>
    public TimeSpan AnswerTimeout { get => field == default ? Reconnect.PublishTimeout : field; init; }

    /// <summary>Reads the URL.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="more">The names of further options.</param>
    /// <exception cref="BrokerUrlException">An option or a part is unknown or wrong.</exception>
    public static RedisOptions From(BrokerUrl url, params IEnumerable<string> more)
    {
        var isSocket = url.Scheme == "redis+socket";
        var isTls = url.Scheme == "rediss";
        RefuseTlsOptions(url, isTls);
        string[] known = [.. ReconnectOptions.Names, "socket_timeout", "socket_connect_timeout", "health_check_interval", "global_keyprefix", .. more, .. isSocket ? ["virtual_host"] : Array.Empty<string>()];
        url.RequireKnown(isTls ? [.. known, .. BrokerTlsOptions.Names, .. s_celeryTls] : known);
        RequireOneLogin(url);
        return new RedisOptions
        {
            Servers = isSocket ? [SocketOf(url)] : [.. url.Alternates.Prepend(url).Select(ServerOf)],
            Database = DatabaseOf(url, isSocket ? url.Text("virtual_host") ?? "" : url.Path),
            KeyPrefix = PrefixOf(url.Text("global_keyprefix") ?? ""),
            Reconnect = TimesOf(url),
            Tls = isTls ? TlsOf(url) : null,
        };
    }

    private static ReconnectOptions TimesOf(BrokerUrl url)
    {
        var times = ReconnectOptions.From(url);
        return times with
        {
            ConnectTimeout = url.Duration("socket_connect_timeout", times.ConnectTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            PublishTimeout = url.Duration("socket_timeout", times.PublishTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)),
            Heartbeat = url.Duration("health_check_interval", times.Heartbeat, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        };
    }

    /// <summary>Celery writes Python's names; where both are given, Celery's count. Unlike there, a URL that says nothing verifies.</summary>
    private static BrokerTlsOptions TlsOf(BrokerUrl url)
    {
        var options = BrokerTlsOptions.From(url);
        var requirement = url.Choice("ssl_cert_reqs", "", "required", "CERT_REQUIRED", "optional", "CERT_OPTIONAL", "none", "CERT_NONE");
        return options with
        {
            Authorities = url.Text("ssl_ca_certs") ?? options.Authorities,
            ClientCertificate = url.Text("ssl_certfile") ?? options.ClientCertificate,
            ClientKey = url.Text("ssl_keyfile") ?? options.ClientKey,
            // "optional" is about a server without a certificate, which TLS does not have.
            IsVerified = requirement.Length == 0 ? options.IsVerified : !requirement.EndsWith("none", StringComparison.OrdinalIgnoreCase),
        };
    }

    private static void RefuseTlsOptions(BrokerUrl url, bool isTls)
    {
        if (!isTls && s_celeryTls.FirstOrDefault(name => url.Text(name) is not null) is { } option)
        {
            throw new BrokerUrlException($"Redis URL '{url}' has the option '{option}', but '{url.Scheme}://' has no TLS. Write rediss:// for TLS, or remove the option.");
        }
    }

    private static void RequireOneLogin(BrokerUrl url)
    {
        if (url.Alternates.Any(other => (other.User, other.Password, other.Path) != (url.User, url.Password, url.Path)))
        {
            throw new BrokerUrlException($"The servers of Redis URL '{url}' differ in user, password or database, but are replicas of each other. Give each the same.");
        }
    }

    // An IP address is no name to resolve: SER would take it as one.
    private static EndPoint ServerOf(BrokerUrl server) => IPAddress.TryParse(server.Host, out var address)
        ? new IPEndPoint(address, server.Port ?? DefaultPort)
        : new DnsEndPoint(server.Host, server.Port ?? DefaultPort);

    private static UnixDomainSocketEndPoint SocketOf(BrokerUrl url)
    {
        if (url.Path.Length == 0 || url.Host != "localhost" || url.Port is not null || url.Alternates.Count > 0)
        {
            throw new BrokerUrlException($"Redis URL '{url}' must name one socket's file after three slashes. Write for example redis+socket:///run/redis/redis.sock?virtual_host=1.");
        }
        try
        {
            return new UnixDomainSocketEndPoint($"/{url.Path}");
        }
        catch (ArgumentException)
        {
            throw new BrokerUrlException($"The file of the socket in Redis URL '{url}' has a longer path than the system allows. Give it a shorter one.");
        }
    }

    private static int DatabaseOf(BrokerUrl url, string text)
    {
        var number = text.Trim('/');
        return number.Length == 0 ? 0
            : int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var database) ? database
            : throw new BrokerUrlException($"The database '{number}' of Redis URL '{url}' must be a number. Write for example redis://host:6379/1, or redis+socket:///file?virtual_host=1.");
    }

    private static string PrefixOf(string prefix) => prefix.Length == 0 || prefix[^1] is ':' or '_' or '-' or '.' ? prefix : $"{prefix}_";
}
