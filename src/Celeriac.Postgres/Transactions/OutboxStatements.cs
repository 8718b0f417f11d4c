using Celeriac.Messaging;
using Celeriac.Postgres.Reading;
using Celeriac.Postgres.Writing;
using Npgsql;
using NpgsqlTypes;

namespace Celeriac.Postgres.Transactions;

/// <summary>A message that waits in the outbox.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Publication">What is to be published.</param>
internal sealed record OutboxRow(long Id, Publication Publication);

/// <summary>Writes messages into the outbox inside a user's own transaction, and takes them out again.</summary>
internal static class OutboxStatements
{
    private const string Columns =
        "exchange, routing_key, mandatory, due, content_type, content_encoding, correlation_id, reply_to, message_id, message_priority, expiration_ticks, persistent, headers, body";

    /// <summary>Writes publications.</summary>
    public static async ValueTask WriteAsync(UserTransaction transaction, string schema, ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
    {
        var rows = publications.ToArray();
        var command = transaction.Command(
            $"""
            WITH written AS (INSERT INTO {schema}.outbox({Columns})
              SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::smallint[], $11::bigint[],
                $12::boolean[], $13::bytea[], $14::bytea[]))
            SELECT pg_notify('{schema}', 'o')
            """);
        await using (command.ConfigureAwait(false))
        {
            MessageColumns.Add(command.Parameters, NpgsqlDbType.Text, rows, row => row.Exchange);
            MessageColumns.Add(command.Parameters, NpgsqlDbType.Text, rows, row => row.RoutingKey);
            MessageColumns.Add(command.Parameters, NpgsqlDbType.Boolean, rows, row => row.Mandatory);
            MessageColumns.Add(command.Parameters, NpgsqlDbType.Bigint, rows, row => row.Due?.ToUnixTimeMilliseconds() ?? 0);
            MessageColumns.AddMessages(command.Parameters, [.. rows.Select(row => row.Message)]);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The oldest that wait, locked until the transaction ends: several relays share the work.</summary>
    public static Task<List<OutboxRow>> LockAsync(NpgsqlConnection connection, string schema, int atMost, CancellationToken cancellationToken) =>
        connection.ListAsync(
            $"SELECT id, {Columns} FROM {schema}.outbox WHERE retry_at IS NULL OR retry_at <= clock_timestamp() ORDER BY id LIMIT {atMost} FOR UPDATE SKIP LOCKED",
            RowOf, cancellationToken);

    /// <summary>Removes what the broker has confirmed.</summary>
    public static Task<int> RemoveAsync(NpgsqlConnection connection, string schema, IEnumerable<long> ids, CancellationToken cancellationToken) =>
        connection.ChangeAsync($"DELETE FROM {schema}.outbox WHERE id = ANY($1)", cancellationToken, Rows.Values(ids));

    /// <summary>Notes why one was refused; it waits twice as long each time, at most five minutes, and stays.</summary>
    public static Task<int> FailAsync(NpgsqlConnection connection, string schema, long id, string error, CancellationToken cancellationToken) =>
        connection.ChangeAsync(
            $"""
            UPDATE {schema}.outbox SET failures = failures + 1, last_error = $2, retry_at = clock_timestamp() + least(300, power(2, least(failures, 10))) * interval '1 second' WHERE id = $1
            """,
            cancellationToken, Rows.Value(id), Rows.Value(error));

    private static OutboxRow RowOf(NpgsqlDataReader row)
    {
        var message = new Message
        {
            ContentType = row.TextOrNull(5),
            ContentEncoding = row.TextOrNull(6),
            CorrelationId = row.TextOrNull(7),
            ReplyTo = row.TextOrNull(8),
            MessageId = row.TextOrNull(9),
            Priority = row.IsDBNull(10) ? null : (byte)row.GetInt16(10),
            Expiration = row.NumberOrNull(11) is { } ticks ? TimeSpan.FromTicks(ticks) : null,
            Persistent = row.GetBoolean(12),
            Headers = MessageHeaders.FromEncoded(row.GetFieldValue<byte[]>(13)),
            Body = row.GetFieldValue<byte[]>(14),
        };
        var due = row.GetInt64(4);
        return new OutboxRow(row.GetInt64(0), new Publication(message, row.GetString(1), row.GetString(2))
        {
            Mandatory = row.GetBoolean(3),
            Due = due == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(due),
        });
    }
}
