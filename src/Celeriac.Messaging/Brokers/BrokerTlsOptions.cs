namespace Celeriac.Messaging.Brokers;

/// <summary>What an <c>amqps://</c> or <c>stomp+ssl://</c> URL says about certificates. Files are read at each connect, so that renewed ones are used.</summary>
internal sealed record BrokerTlsOptions
{
    /// <summary>The names of these options in a URL.</summary>
    public static IReadOnlyList<string> Names { get; } = ["ca", "client_certificate", "client_key", "client_certificate_password", "server_name", "verify"];

    /// <summary><c>ca</c>: a PEM file of the certificates to trust; null for the system's.</summary>
    public string? Authorities { get; init; }

    /// <summary><c>client_certificate</c>: the file that is shown to the server; null for none.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary><c>client_key</c>: the PEM file of its key; null where the certificate's file holds it.</summary>
    public string? ClientKey { get; init; }

    /// <summary><c>client_certificate_password</c>: opens the key.</summary>
    public string? Password { get; init; }

    /// <summary><c>server_name</c>: the name that the server's certificate must have; null for the host of the URL.</summary>
    public string? ServerName { get; init; }

    /// <summary><c>verify</c>: false trusts any server.</summary>
    public bool IsVerified { get; init; } = true;

    public static BrokerTlsOptions From(BrokerUrl url)
    {
        if (url.Text("client_key") is not null && url.Text("client_certificate") is null)
        {
            throw new BrokerUrlException($"Broker URL '{url}' names a client_key without a client_certificate. Name both files.");
        }
        return new BrokerTlsOptions
        {
            Authorities = url.Text("ca"),
            ClientCertificate = url.Text("client_certificate"),
            ClientKey = url.Text("client_key"),
            Password = url.Text("client_certificate_password"),
            ServerName = url.Text("server_name"),
            IsVerified = url.Flag("verify", true),
        };
    }
}
