using Celeriac.Messaging.Stores;
using Npgsql;
using NpgsqlTypes;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres.Reading;

/// <summary>Lease holders: who claims messages, and the beat by which others see that he lives.</summary>
internal static class HolderQueries
{
    /// <summary>Adds a holder; answers its number. One whose answer was lost never beats, and is reclaimed like a dead one.</summary>
    public static Task<long> RegisterAsync(NpgsqlConnection connection, string schema, string name, TimeSpan lease, IReadOnlyList<long> queueIds, CancellationToken cancellationToken) =>
        connection.ScalarAsync<long>(
            $"""
            WITH holder AS (INSERT INTO {schema}.holders(name, lease_ticks) VALUES ($1, $2) RETURNING id),
            served AS (INSERT INTO {schema}.holder_queues(holder, queue) SELECT DISTINCT holder.id, queue FROM holder, unnest($3) AS queue)
            SELECT id FROM holder
            """,
            cancellationToken, Value(name), Value(lease.Ticks), Values(queueIds));

    /// <summary>Removes a holder and gives back its claims.</summary>
    public static Task<int> ReleaseAsync(NpgsqlConnection connection, string schema, long holder, long now, CancellationToken cancellationToken) =>
        connection.ScalarAsync<int>($"SELECT {schema}.leave($1, $2, 0, $3)", cancellationToken, Values([holder]), NoBeats(), Value(now));

    /// <summary>Raises the beats of live holders, and reads those of all.</summary>
    public static List<HolderBeat> Beat(NpgsqlConnection connection, string schema, IReadOnlyList<long> holders) =>
        connection.List(
            $"WITH raised AS (UPDATE {schema}.holders SET beat = beat + 1 WHERE id = ANY($1)) SELECT id, name, beat, lease_ticks FROM {schema}.holders", BeatOf, Values(holders));

    /// <summary>Every holder with its beat.</summary>
    public static List<HolderBeat> ReadBeats(NpgsqlConnection connection, string schema) =>
        connection.List($"SELECT id, name, beat, lease_ticks FROM {schema}.holders", BeatOf);

    /// <summary>Removes holders that have not beaten since; answers how many messages came back.</summary>
    public static int Reclaim(NpgsqlConnection connection, string schema, IReadOnlyList<HolderBeat> dead, long now) =>
        connection.List(
            $"SELECT {schema}.leave($1, $2, 1, $3)", row => row.GetInt32(0),
            Values(dead.Select(holder => holder.Holder)), Values(dead.Select(holder => holder.Beat)), Value(now))[0];

    private static NpgsqlParameter NoBeats() => Value(new long?[] { null }, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    private static HolderBeat BeatOf(NpgsqlDataReader row) => new(row.GetInt64(0), row.GetString(1), row.GetInt64(2), TimeSpan.FromTicks(row.GetInt64(3)));
}
