using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Postgres.Schema;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Celeriac.Postgres.Connecting;

/// <summary>The servers of the URL behind the one loop that reconnects, and the short way in which everything asks them something.</summary>
internal sealed class PostgresServers : IAsyncDisposable
{
    private readonly PostgresOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<int, string> _hear;
    private readonly Dictionary<BrokerUrl, ServerConnections> _servers;
    private readonly Reconnecting<PostgresLink> _link;
    private readonly Func<NpgsqlConnection, CancellationToken, Task>? _prepare;
    private bool _isMigrated;
    private bool _mayMigrate;
    private bool _hasChanged;
    private volatile PostgresLink? _current;

    /// <param name="options">The URL.</param>
    /// <param name="context">Clock and log.</param>
    /// <param name="hear">Called for each notification.</param>
    /// <param name="connected">Called for each new connection: what was told meanwhile was not heard.</param>
    /// <param name="prepare">What is done once instead of the migration, where the schema holds somebody else's tables.</param>
    public PostgresServers(
        PostgresOptions options, TransportContext context, Action<int, string> hear, Action connected, Func<NpgsqlConnection, CancellationToken, Task>? prepare = null)
    {
        _prepare = prepare;
        _options = options;
        _time = context.Time;
        _logger = context.LoggerFactory.CreateLogger("Celeriac.Broker.Postgres");
        _hear = hear;
        _mayMigrate = options.Migrates;
        Connected = connected;
        Name = options.Url.ToString();
        _servers = options.Url.Alternates.Prepend(options.Url).ToDictionary(server => server, server => new ServerConnections(server, options));
        _link = new Reconnecting<PostgresLink>(options.Url, options.Reconnect, OpenAsync, RestoreAsync, context.Time, _logger);
    }

    /// <summary>The URL without its password.</summary>
    public string Name { get; }

    /// <summary>How it stands.</summary>
    public TransportHealth Health => _link.Health;

    /// <summary>Whether the first connection has been made.</summary>
    public bool WasConnected => _link.Generation > 0;

    private Action Connected { get; }

    /// <summary>Connects, trying each server once.</summary>
    public ValueTask ConnectAsync(CancellationToken cancellationToken) => _link.ConnectAsync(cancellationToken);

    /// <summary>Connects, and makes or changes the tables whatever the URL says; answers what is there now.</summary>
    public async ValueTask<string> MigrateAsync(CancellationToken cancellationToken)
    {
        _mayMigrate = true;
        await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return $"Schema '{_options.Schema}' of '{Name}' {(_hasChanged ? $"was brought to version {Migration.Version}." : $"is at version {Migration.Version}: nothing to do.")}";
    }

    /// <summary>The link, after a wait where there is none.</summary>
    public async ValueTask<PostgresLink> LinkAsync(CancellationToken cancellationToken) => (await _link.GetAsync(cancellationToken).ConfigureAwait(false)).Connection;

    /// <summary>
    /// Does something on a connection of its own; where the connection is lost under it, again on the next one, for at most <c>publish_timeout</c>.
    /// </summary>
    /// <param name="ask">What is done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="isRepeatable">False for what must not be done again once it was sent: its loss is told instead.</param>
    public async ValueTask<TAnswer> AskAsync<TAnswer>(
        Func<NpgsqlConnection, CancellationToken, Task<TAnswer>> ask, CancellationToken cancellationToken, bool isRepeatable = true)
    {
        var started = _time.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            // At least a little: what is left may be nothing on a machine that is busy to its limits.
            var left = TimeSpan.FromMilliseconds(Math.Max(1, (_options.Reconnect.PublishTimeout - _time.GetElapsedTime(started)).TotalMilliseconds));
            var link = (await _link.GetAsync(left, cancellationToken).ConfigureAwait(false)).Connection;
            try
            {
                return await AskOnceAsync(link, ask).WaitAsync(left, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new TransportException($"'{Name}' did not answer within {_options.Reconnect.PublishTimeout.TotalSeconds:0.###} s. Ask again, or raise publish_timeout in the URL.");
            }
            catch (Exception error) when (PostgresErrors.IsLoss(error) || PostgresErrors.IsConflict(error) || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                var pause = _options.Reconnect.DelayAfter(failures);
                if ((!isRepeatable && !PostgresErrors.IsConflict(error)) || _time.GetElapsedTime(started) + pause >= _options.Reconnect.PublishTimeout)
                {
                    throw PostgresErrors.Translate(error is OperationCanceledException ? new IOException("the connection was lost", error) : error, Name);
                }
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException error)
            {
                throw PostgresErrors.Translate(error, Name);
            }
        }
    }

    /// <summary>Does something on the caller's thread, which must not depend on the pool; once.</summary>
    /// <exception cref="TransportException">There is no connection, or it was lost.</exception>
    public TAnswer Ask<TAnswer>(Func<NpgsqlConnection, TAnswer> ask)
    {
        if (_current is not { } link || Health.State != ConnectionState.Connected)
        {
            throw _link.NotConnected();
        }
        try
        {
            using var connection = link.Server.Open();
            return ask(connection);
        }
        catch (Exception error) when (error is not TransportException)
        {
            throw PostgresErrors.Translate(error, Name);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync().ConfigureAwait(false);
        foreach (var server in _servers.Values)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<TAnswer> AskOnceAsync<TAnswer>(PostgresLink link, Func<NpgsqlConnection, CancellationToken, Task<TAnswer>> ask)
    {
        var connection = await link.Server.OpenAsync(link.Ended).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            return await ask(connection, link.Ended).ConfigureAwait(false);
        }
    }

    private Task<PostgresLink> OpenAsync(BrokerUrl server, CancellationToken cancellationToken) =>
        PostgresLink.OpenAsync(_servers[server], _options.Reconnect.Heartbeat, _hear, cancellationToken);

    private async Task RestoreAsync(Connected<PostgresLink> connected, CancellationToken cancellationToken)
    {
        var link = connected.Connection;
        try
        {
            if (!_isMigrated)
            {
                await MigrateAsync(link, cancellationToken).ConfigureAwait(false);
                _isMigrated = true;
            }
            await link.ListenAsync(_options.Schema, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw PostgresErrors.Translate(error, link.Server.Name);
        }
        _current = link;
        Connected();
    }

    private async Task MigrateAsync(PostgresLink link, CancellationToken cancellationToken)
    {
        var connection = await link.Server.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (_prepare is not null)
            {
                await _prepare(connection, cancellationToken).ConfigureAwait(false);
            }
            else if (await Migration.RunAsync(connection, _options.Schema, _mayMigrate, Name, cancellationToken).ConfigureAwait(false) is { } version)
            {
                _hasChanged = true;
                Log.Migrated(_logger, _options.Schema, Name, version);
            }
        }
    }
}
