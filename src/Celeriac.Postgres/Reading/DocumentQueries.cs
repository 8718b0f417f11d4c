using Celeriac.Messaging;
using Npgsql;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres.Reading;

/// <summary>Reads documents by key and as a log.</summary>
internal static class DocumentQueries
{
    /// <summary>The documents that exist and have not expired.</summary>
    public static async Task<IReadOnlyList<StoredDocument>> ReadAsync(NpgsqlConnection connection, string schema, IReadOnlyList<string> keys, long now, CancellationToken cancellationToken)
    {
        var found = await connection.ListAsync(
            $"SELECT key, content, coalesce(sequence, 0) FROM {schema}.documents WHERE key = ANY($1) AND (expires_at IS NULL OR expires_at > $2)",
            row => new StoredDocument(row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetInt64(2)), cancellationToken, Values(keys), Value(now)).ConfigureAwait(false);
        var byKey = found.ToDictionary(document => document.Key, StringComparer.Ordinal);
        return [.. keys.Select(key => byKey.GetValueOrDefault(key)).OfType<StoredDocument>()];
    }

    /// <summary>The sequence of the newest write.</summary>
    public static Task<long> LatestAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken) =>
        connection.ScalarAsync<long>($"SELECT {schema}.latest_document()", cancellationToken);

    /// <summary>What was written after a sequence, in order, with the content where it has at most so many bytes.</summary>
    public static Task<List<(long Sequence, string Key, byte[]? Content)>> AfterAsync(
        NpgsqlConnection connection, string schema, long sequence, int limit, int mostBytes, long now, CancellationToken cancellationToken) =>
        connection.ListAsync(
            $"""
            SELECT sequence, key, CASE WHEN octet_length(content) <= $4 THEN content END FROM {schema}.documents
            WHERE sequence > $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY sequence LIMIT $3
            """,
            row => (row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2)),
            cancellationToken, Value(sequence), Value(now), Value(limit), Value(mostBytes));

    /// <summary>Deletes documents; answers how many there were.</summary>
    public static Task<int> DeleteAsync(NpgsqlConnection connection, string schema, IReadOnlyList<string> keys, CancellationToken cancellationToken) =>
        connection.ChangeAsync($"DELETE FROM {schema}.documents WHERE key = ANY($1)", cancellationToken, Values(keys));
}
