using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres;

/// <summary>What a <c>postgres://</c> URL says.</summary>
internal sealed record PostgresOptions(BrokerUrl Url)
{
    private const string DefaultSchema = "celeriac";
    private const int LongestSchema = 48;

    /// <summary><c>schema</c>: where everything lies. Default <c>celeriac</c>.</summary>
    public string Schema { get; private init; } = DefaultSchema;

    /// <summary><c>migrate</c>: whether missing or older tables are made when connecting. Default true.</summary>
    public bool Migrates { get; private init; } = true;

    /// <summary><c>sweep</c>: how often what has expired is looked for. Default 30 seconds.</summary>
    public TimeSpan Sweep { get; private init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>poll</c>: how long an empty queue is trusted to stay empty without a notification. Default 60 seconds.</summary>
    public TimeSpan Poll { get; private init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>connections</c>: the most connections of one transport. Default 8, at least 5: two that write, one that listens, and two for the rest.</summary>
    public int Connections { get; private init; } = 8;

    /// <summary><c>sslmode</c>, <c>sslrootcert</c>, <c>sslcert</c> and <c>sslkey</c>, as psql has them. Default: TLS where the server offers it, unverified.</summary>
    public (string Mode, string? Root, string? Certificate, string? Key) Tls { get; private init; } = ("prefer", null, null, null);

    /// <summary>The times that every broker's URL understands.</summary>
    public ReconnectOptions Reconnect { get; private init; } = new();

    /// <summary>The database's name: the user's where the URL names none, as psql has it.</summary>
    public static string? DatabaseOf(BrokerUrl url) => url.Path.Length > 0 ? url.Path : null;

    /// <summary>Reads the URL.</summary>
    /// <exception cref="BrokerUrlException">It has an option that is unknown or wrong.</exception>
    public static PostgresOptions From(BrokerUrl url, string defaultSchema = DefaultSchema)
    {
        url.RequireKnown([
            "schema", "migrate", "sweep", "poll", "connections", "sslmode", "sslrootcert", "sslcert", "sslkey",
            .. ReconnectOptions.Names.Concat(StoreTransportOptions.Names).Distinct()]);
        return new PostgresOptions(url)
        {
            Schema = SchemaOf(url, defaultSchema),
            Migrates = url.Flag("migrate", true),
            Sweep = url.Duration("sweep", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(50), TimeSpan.FromHours(1)),
            Poll = url.Duration("poll", TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(10)),
            Connections = (int)url.Integer("connections", 8, 5, 1000),
            Tls = (
                url.Choice("sslmode", "prefer", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
                url.Text("sslrootcert"), url.Text("sslcert"), url.Text("sslkey")),
            Reconnect = ReconnectOptions.From(url),
        };
    }

    // It goes into statements as it is, so it may hold nothing that would need quoting.
    private static string SchemaOf(BrokerUrl url, string defaultSchema)
    {
        var schema = url.Text("schema") ?? defaultSchema;
        var isPlain = schema.Length is > 0 and <= LongestSchema && !char.IsAsciiDigit(schema[0])
            && schema.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_')
            && !schema.StartsWith("pg_", StringComparison.Ordinal);
        return isPlain ? schema : throw new BrokerUrlException(
            $"Broker URL '{url}' names the schema '{schema}', but a schema's name has 1–{LongestSchema} lower-case letters, digits and underscores, no digit first, and does not begin with 'pg_'. Write for example schema=celeriac.");
    }
}
