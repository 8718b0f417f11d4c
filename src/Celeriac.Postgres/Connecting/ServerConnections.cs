using System.Globalization;
using Celeriac.Messaging;
using Npgsql;

namespace Celeriac.Postgres.Connecting;

/// <summary>The connections to one server of the URL, few and kept.</summary>
internal sealed class ServerConnections : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly NpgsqlDataSource _source;

    /// <summary>Nothing is opened yet.</summary>
    public ServerConnections(BrokerUrl server, PostgresOptions options)
    {
        var seconds = (int)Math.Ceiling(options.Reconnect.Heartbeat.TotalSeconds);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = server.Host,
            Port = server.Port ?? 5432,
            Username = server.User,
            Password = server.Password,
            Database = PostgresOptions.DatabaseOf(server),
            ApplicationName = $"celeriac {options.Schema}",
            Timeout = Math.Max(1, (int)Math.Ceiling(options.Reconnect.ConnectTimeout.TotalSeconds)),
            CommandTimeout = 2 * seconds,
            // A token ends a wait for a network that has failed: asking the server to stop would wait for the same network.
            CancellationTimeout = -1,
            MaxPoolSize = options.Connections,
            MaxAutoPrepare = 40,
            AutoPrepareMinUsages = 2,
            // A commit of many callers, and what a take brings, are some hundred kilobytes: fewer calls of the system for each.
            ReadBufferSize = BufferBytes,
            WriteBufferSize = BufferBytes,
            // The library's own statement to clean a session before its next use: ours leave nothing behind.
            NoResetOnClose = true,
            IncludeErrorDetail = false,
            SslMode = Enum.Parse<SslMode>(options.Tls.Mode.Replace("-", "", StringComparison.Ordinal), ignoreCase: true),
            // What the functions rely on, whatever the database's or the user's defaults are.
            Options = "-c default_transaction_isolation=read\\ committed -c statement_timeout=0 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c search_path=",
        };
        (connection.RootCertificate, connection.SslCertificate, connection.SslKey) = (options.Tls.Root, options.Tls.Certificate, options.Tls.Key);
        Name = string.Create(CultureInfo.InvariantCulture, $"{server}");
        var builder = new NpgsqlSlimDataSourceBuilder(connection.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        _source = builder.Build();
    }

    /// <summary>The server's URL without its password.</summary>
    public string Name { get; }

    /// <summary>A connection out of the few.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    /// <summary>The same for a thread that must not depend on the pool.</summary>
    public NpgsqlConnection Open() => _source.OpenConnection();

    /// <summary>Closes those that nobody uses, and the others when they are given back: their server was lost.</summary>
    public void Forget() => _source.Clear();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
