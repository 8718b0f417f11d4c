using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Npgsql;

namespace Celeriac.Postgres.Connecting;

/// <summary>
/// The connection that listens for notifications. While it lives the server is there; when it is lost, everything else that was opened
/// through it is given up too, for a network that swallows everything tells nobody.
/// </summary>
internal sealed class PostgresLink : IBrokerConnection
{
    private readonly NpgsqlConnection _listener;
    private readonly TimeSpan _heartbeat;
    private readonly Action<int, string> _hear;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<Exception?> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _listening = Task.CompletedTask;

    private PostgresLink(ServerConnections server, NpgsqlConnection listener, TimeSpan heartbeat, Action<int, string> hear)
    {
        (Server, _listener, _heartbeat, _hear) = (server, listener, heartbeat, hear);
        Ended = _ended.Token;
    }

    /// <summary>The server that it leads to.</summary>
    public ServerConnections Server { get; }

    /// <summary>Fires when the link is lost.</summary>
    public CancellationToken Ended { get; }

    /// <inheritdoc/>
    public Task<Exception?> Lost => _lost.Task;

    /// <summary>Connects to a server that takes writes.</summary>
    /// <param name="server">The server.</param>
    /// <param name="heartbeat">How often a silent server is asked.</param>
    /// <param name="hear">Called for each notification, with the number of the server's process that sent it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public static async Task<PostgresLink> OpenAsync(ServerConnections server, TimeSpan heartbeat, Action<int, string> hear, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await server.OpenAsync(cancellationToken).ConfigureAwait(false);
            var link = new PostgresLink(server, connection, heartbeat, hear);
            connection.Notification += link.OnNotification;
            if (await link.IsReadOnlyAsync(cancellationToken).ConfigureAwait(false))
            {
                await link.DisposeAsync().ConfigureAwait(false);
                throw new TransportException($"'{server.Name}' only reads: it is a standby. Name the primary, or every server of the cluster.");
            }
            return link;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw PostgresErrors.Translate(error, server.Name);
        }
    }

    /// <summary>Begins to listen on the channel of a schema.</summary>
    public async Task ListenAsync(string schema, CancellationToken cancellationToken)
    {
        await ExecuteAsync($"LISTEN {schema}", cancellationToken).ConfigureAwait(false);
        _listening = ListenOnAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What is left of it must not go back to the others: it listens.
        Server.Forget();
        await _listener.DisposeAsync().ConfigureAwait(false);
        _lost.TrySetResult(null);
    }

    private async Task<bool> IsReadOnlyAsync(CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean", _listener);
        await using (command.ConfigureAwait(false))
        {
            return (bool)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
        }
    }

    private async Task ListenOnAsync()
    {
        try
        {
            while (true)
            {
                if (!await _listener.WaitAsync(_heartbeat, _ended.Token).ConfigureAwait(false))
                {
                    using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
                    limit.CancelAfter(_heartbeat);
                    await ExecuteAsync("SELECT 1", limit.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error)
        {
            _lost.TrySetResult(error is OperationCanceledException
                ? new TransportException($"'{Server.Name}' was silent for {2 * _heartbeat.TotalSeconds:0.###} s.")
                : new TransportException(PostgresErrors.Reason(error), error));
            await _ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task ExecuteAsync(string text, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(text, _listener);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void OnNotification(object sender, NpgsqlNotificationEventArgs told) => _hear(told.PID, told.Payload);
}
