using Celeriac.Messaging;
using Npgsql;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres.Reading;

/// <summary>Counts and empties queues.</summary>
internal static class QueueQueries
{
    /// <summary>The most rows that one transaction deletes, so that a large queue does not hold up the other callers.</summary>
    public const int LargestPiece = 5000;

    /// <summary>What is in a queue. An expired message is not ready: no consumer will see it.</summary>
    public static async Task<QueueCounts> CountAsync(NpgsqlConnection connection, string schema, long queueId, long now, CancellationToken cancellationToken)
    {
        var rows = await connection.ListAsync(
            $"""
            SELECT count(*) FILTER (WHERE holder IS NULL AND due <= $2 AND (expires_at = 0 OR expires_at > $2)),
                count(*) FILTER (WHERE holder IS NULL AND due > $2), count(*) FILTER (WHERE holder IS NOT NULL),
                (SELECT count(*) FROM {schema}.holder_queues WHERE queue = $1)
            FROM {schema}.messages WHERE queue = $1
            """,
            row => new QueueCounts(row.GetInt64(0)) { Delayed = row.GetInt64(1), Unacknowledged = row.GetInt64(2), Consumers = row.GetInt64(3) },
            cancellationToken, Value(queueId), Value(now)).ConfigureAwait(false);
        return rows[0];
    }

    /// <summary>The number of the newest message there is; 0 for none.</summary>
    public static Task<long> NewestAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken) =>
        connection.ScalarAsync<long>($"SELECT max(id) FROM {schema}.messages", cancellationToken);

    /// <summary>Deletes some of the unclaimed messages up to a number; answers how many.</summary>
    public static Task<int> PurgePieceAsync(NpgsqlConnection connection, string schema, long queueId, long upTo, CancellationToken cancellationToken) =>
        connection.ChangeAsync(
            $"""
            DELETE FROM {schema}.messages WHERE id IN (
              SELECT id FROM {schema}.messages WHERE queue = $1 AND holder IS NULL AND id <= $2 LIMIT {LargestPiece} FOR UPDATE SKIP LOCKED)
            """,
            cancellationToken, Value(queueId), Value(upTo));
}
