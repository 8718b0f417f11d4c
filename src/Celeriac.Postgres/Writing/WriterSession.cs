using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Npgsql;

namespace Celeriac.Postgres.Writing;

/// <summary>
/// The writer's connection and its row among the writers. A batch has a number: sent again after its answer was lost, it is applied once,
/// because the row of the writer says what the last number was and what was answered.
/// </summary>
internal sealed class WriterSession(PostgresServers servers, string schema, TimeProvider time) : IAsyncDisposable
{
    private NpgsqlConnection? _connection;
    private PostgresLink? _link;
    private long _writer;
    private long _number;

    /// <summary>The server's process of the connection, whose notifications are news to others only; 0 for none.</summary>
    public int ProcessId => Volatile.Read(ref _processId);

    private int _processId;

    /// <summary>Waits for the server and makes the connection where there is none.</summary>
    public async Task EnsureConnectedAsync(CancellationToken cancellationToken)
    {
        var link = await servers.LinkAsync(cancellationToken).ConfigureAwait(false);
        if (_connection is not null && ReferenceEquals(link, _link))
        {
            return;
        }
        await DisconnectAsync().ConfigureAwait(false);
        var connection = await link.Server.OpenAsync(link.Ended).ConfigureAwait(false);
        (_connection, _link) = (connection, link);
        Volatile.Write(ref _processId, connection.ProcessID);
        if (_writer == 0)
        {
            await RegisterAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gives the connection up.</summary>
    public async Task DisconnectAsync()
    {
        Volatile.Write(ref _processId, 0);
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The next batch's number.</summary>
    public long NextNumber() => ++_number;

    /// <summary>After the row of the writer was swept, which takes a week of silence: a new one, in which the batch is the first.</summary>
    public async Task RegisterAsync()
    {
        var register = new NpgsqlCommand($"INSERT INTO {schema}.writers DEFAULT VALUES RETURNING id", _connection);
        await using (register.ConfigureAwait(false))
        {
            _writer = (long)(await register.ExecuteScalarAsync(_link!.Ended).ConfigureAwait(false))!;
        }
    }

    /// <summary>Sends takes and units as one transaction, and reads the answers.</summary>
    public async Task<(TakeAnswer[] Taken, short[] Statuses)> RunAsync(IReadOnlyList<(TakeRequest Request, long[]? Known)> takes, IReadOnlyList<StoreUnit> units, long number)
    {
        var batch = new NpgsqlBatch(_connection);
        await using (batch.ConfigureAwait(false))
        {
            foreach (var (request, known) in takes)
            {
                batch.BatchCommands.Add(TakeCommand.Build(schema, _writer, request, known, isAlone: units.Count == 0));
            }
            if (units.Count > 0)
            {
                batch.BatchCommands.Add(CommitCommand.Build(schema, _writer, number, time.GetUtcNow().ToUnixTimeMilliseconds(), units));
            }
            return await ReadAsync(batch, takes, units.Count > 0, _link!.Ended).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection && _link is { Ended.IsCancellationRequested: false } link)
        {
            try
            {
                var leave = new NpgsqlCommand($"DELETE FROM {schema}.writers WHERE id = {_writer}", connection);
                await using (leave.ConfigureAwait(false))
                {
                    await leave.ExecuteNonQueryAsync(link.Ended).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (error is NpgsqlException or OperationCanceledException or InvalidOperationException)
            {
                // The row is swept after a week.
            }
        }
        await DisconnectAsync().ConfigureAwait(false);
    }

    private static async Task<(TakeAnswer[], short[])> ReadAsync(
        NpgsqlBatch batch, IReadOnlyList<(TakeRequest Request, long[]? Known)> takes, bool hasUnits, CancellationToken cancellationToken)
    {
        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var taken = new TakeAnswer[takes.Count];
            for (var index = 0; index < taken.Length; index++)
            {
                taken[index] = await TakeCommand.ReadAsync(reader, takes[index].Request, cancellationToken).ConfigureAwait(false);
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            }
            short[] statuses = [];
            if (hasUnits && await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                statuses = reader.GetFieldValue<short[]>(0);
                await reader.NextResultAsync(cancellationToken).ConfigureAwait(false);
            }
            return (taken, statuses);
        }
    }
}
