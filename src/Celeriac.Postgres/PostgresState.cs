using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Connecting;
using Celeriac.Postgres.Reading;
using Npgsql;
using NpgsqlTypes;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres;

/// <summary>Shared state in the schema of the queues. Its clock is the server's.</summary>
internal sealed class PostgresState(PostgresServers servers, string schema, ChangeSignal followed) : IStateStore
{
    public ChangeSignal? Followed => followed;

    // Keys are ASCII without control characters: nothing with the prefix lies behind this.
    private const char BehindAll = '\u007f';
    private const string Alive = "(expires_at IS NULL OR expires_at > clock_timestamp())";

    public ValueTask<StateReading> ReadAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        servers.AskAsync(
            (connection, ended) => ReadAsync(connection, $"SELECT clock_timestamp(), s.key, s.content, s.version, s.expires_at FROM (SELECT) AS one LEFT JOIN {schema}.state s ON s.key = ANY($1) AND {Alive} ORDER BY array_position($1, s.key::text)", ended, Values(keys)),
            cancellationToken);

    public ValueTask<StateReading> ListAsync(string prefix, int limit, string? after = null, CancellationToken cancellationToken = default) =>
        servers.AskAsync(
            (connection, ended) => ReadAsync(
                connection,
                $"""
                SELECT clock_timestamp(), s.key, s.content, s.version, s.expires_at FROM (SELECT) AS one LEFT JOIN LATERAL (
                  SELECT * FROM {schema}.state WHERE key >= $1 AND key < $2 AND key > $3 AND {Alive} ORDER BY key LIMIT $4) AS s ON true ORDER BY s.key
                """,
                ended, Value(prefix), Value(prefix + BehindAll), Value(after ?? ""), Value(limit)),
            cancellationToken);

    // A write whose answer was lost is not done again: it may have been carried out, and then its expectation would not hold any more.
    public ValueTask<StateAnswer> TryWriteAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken = default) =>
        servers.AskAsync((connection, ended) => WriteAsync(connection, changes, ended), cancellationToken, isRepeatable: false);

    private static async Task<StateReading> ReadAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        DateTimeOffset now = default;
        var entries = await connection.ListAsync(
            text,
            row =>
            {
                now = row.GetFieldValue<DateTimeOffset>(0);
                return EntryOrNull(row, 1);
            },
            cancellationToken, parameters).ConfigureAwait(false);
        return new StateReading([.. entries.OfType<StateEntry>()], now);
    }

    private async Task<StateAnswer> WriteAsync(NpgsqlConnection connection, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var (isWritten, now) = (true, DateTimeOffset.UnixEpoch);
        var entries = await connection.ListAsync(
            $"SELECT * FROM {schema}.write_state($1, $2, $3, $4) ORDER BY array_position($1, key)",
            row =>
            {
                (isWritten, now) = (row.GetBoolean(0), row.GetFieldValue<DateTimeOffset>(1));
                return EntryOrNull(row, 2);
            },
            cancellationToken,
            Values(changes.Select(change => change.Key)),
            Value(changes.Select(change => change.Content?.ToArray()).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bytea),
            Value(changes.Select(change => change.ExpectedVersion).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint),
            Value(changes.Select(change => change.Lifetime is { } lifetime ? (long?)lifetime.TotalMilliseconds : null).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Bigint)).ConfigureAwait(false);
        return new StateAnswer(isWritten, new StateReading([.. entries.OfType<StateEntry>()], now));
    }

    private static StateEntry? EntryOrNull(NpgsqlDataReader row, int first) => row.IsDBNull(first)
        ? null
        : new StateEntry(
            row.GetString(first), row.GetFieldValue<byte[]>(first + 1), row.GetInt64(first + 2),
            row.IsDBNull(first + 3) ? null : row.GetFieldValue<DateTimeOffset>(first + 3));
}
