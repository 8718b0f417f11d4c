using Celeriac.Messaging;
using Celeriac.Messaging.Stores;
using Celeriac.Postgres.Schema;
using Npgsql;
using NpgsqlTypes;
using static Celeriac.Postgres.Reading.Rows;

namespace Celeriac.Postgres.Reading;

/// <summary>Reads exchanges, queues and bindings, and changes them under a version.</summary>
internal static class TopologyQueries
{
    /// <summary>Everything declared, in one snapshot: one statement, one row a thing.</summary>
    public static async Task<TopologySnapshot> LookupAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        long version = 0;
        List<ExchangeDeclaration> exchanges = [];
        List<StoredQueue> queues = [];
        List<Binding> bindings = [];
        await connection.ListAsync(
            $"""
            SELECT 0, value, name, NULL::text, NULL::text, NULL::boolean, NULL::bigint, NULL::bigint, NULL::smallint FROM {schema}.meta WHERE name = 'topology_version'
            UNION ALL SELECT 1, type, name, NULL, NULL, durable, NULL, NULL, NULL FROM {schema}.exchanges
            UNION ALL SELECT 2, id, name, dead_letter_exchange, dead_letter_routing_key, durable, expires_ticks, message_ttl_ticks, max_priority FROM {schema}.queues
            UNION ALL SELECT 3, NULL, exchange, queue, routing_key, NULL, NULL, NULL, NULL FROM {schema}.bindings
            """,
            row =>
            {
                switch (row.GetInt32(0))
                {
                    case 0:
                        version = row.GetInt64(1);
                        break;
                    case 1:
                        exchanges.Add(new ExchangeDeclaration(row.GetString(2), (ExchangeType)row.GetInt64(1)) { Durable = row.GetBoolean(5) });
                        break;
                    case 2:
                        queues.Add(QueueOf(row));
                        break;
                    default:
                        bindings.Add(new Binding(row.GetString(2), row.GetString(3), row.GetString(4)));
                        break;
                }
                return 0;
            },
            cancellationToken).ConfigureAwait(false);
        return new TopologySnapshot(version, exchanges, queues, bindings);
    }

    /// <summary>Applies the change if the version is still the expected one. Done twice, it answers false the second time.</summary>
    public static async Task<bool> TryChangeAsync(NpgsqlConnection connection, string schema, long expectedVersion, TopologyChange change, long now, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await connection.ChangeAsync($"SELECT pg_advisory_xact_lock({Migration.LockClass}, 1)", cancellationToken).ConfigureAwait(false);
            var raised = await connection.ChangeAsync(
                $"UPDATE {schema}.meta SET value = value + 1 WHERE name = 'topology_version' AND value = $1", cancellationToken, Value(expectedVersion)).ConfigureAwait(false);
            if (raised == 0)
            {
                return false;
            }
            await RemoveAsync(connection, schema, change, cancellationToken).ConfigureAwait(false);
            await AddAsync(connection, schema, change.Add, now, cancellationToken).ConfigureAwait(false);
            await connection.ChangeAsync($"SELECT pg_notify('{schema}', 't')", cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
    }

    private static async Task RemoveAsync(NpgsqlConnection connection, string schema, TopologyChange change, CancellationToken cancellationToken)
    {
        foreach (var binding in change.RemoveBindings)
        {
            await connection.ChangeAsync(
                $"DELETE FROM {schema}.bindings WHERE exchange = $1 AND queue = $2 AND routing_key = $3", cancellationToken,
                Value(binding.Exchange), Value(binding.Queue), Value(binding.RoutingKey)).ConfigureAwait(false);
        }
        if (change.RemoveQueues.Count > 0)
        {
            await connection.ChangeAsync($"SELECT {schema}.remove_queues($1)", cancellationToken, Values(change.RemoveQueues)).ConfigureAwait(false);
        }
        foreach (var exchange in change.RemoveExchanges)
        {
            await connection.ChangeAsync($"DELETE FROM {schema}.bindings WHERE exchange = $1", cancellationToken, Value(exchange)).ConfigureAwait(false);
            await connection.ChangeAsync($"DELETE FROM {schema}.exchanges WHERE name = $1", cancellationToken, Value(exchange)).ConfigureAwait(false);
        }
    }

    private static async Task AddAsync(NpgsqlConnection connection, string schema, Topology topology, long now, CancellationToken cancellationToken)
    {
        foreach (var exchange in topology.Exchanges)
        {
            await connection.ChangeAsync(
                $"INSERT INTO {schema}.exchanges(name, type, durable) VALUES ($1, $2, $3)", cancellationToken,
                Value(exchange.Name), Value((short)exchange.Type, NpgsqlDbType.Smallint), Value(exchange.Durable, NpgsqlDbType.Boolean)).ConfigureAwait(false);
        }
        foreach (var queue in topology.Queues)
        {
            await connection.ChangeAsync(
                $"""
                INSERT INTO {schema}.queues(name, durable, expires_ticks, message_ttl_ticks, max_priority, dead_letter_exchange, dead_letter_routing_key, used_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                cancellationToken, Value(queue.Name), Value(queue.Durable, NpgsqlDbType.Boolean), Value(queue.Expires?.Ticks), Value(queue.MessageTimeToLive?.Ticks),
                Value((short?)queue.MaxPriority, NpgsqlDbType.Smallint), Value(queue.DeadLetterExchange), Value(queue.DeadLetterRoutingKey), Value(now)).ConfigureAwait(false);
        }
        foreach (var binding in topology.Bindings)
        {
            await connection.ChangeAsync(
                $"INSERT INTO {schema}.bindings(exchange, queue, routing_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", cancellationToken,
                Value(binding.Exchange), Value(binding.Queue), Value(binding.RoutingKey)).ConfigureAwait(false);
        }
    }

    private static StoredQueue QueueOf(NpgsqlDataReader row) => new(row.GetInt64(1), new QueueDeclaration(row.GetString(2))
    {
        Durable = row.GetBoolean(5),
        Expires = Ticks(row.NumberOrNull(6)),
        MessageTimeToLive = Ticks(row.NumberOrNull(7)),
        MaxPriority = row.IsDBNull(8) ? null : (byte)row.GetInt16(8),
        DeadLetterExchange = row.TextOrNull(3),
        DeadLetterRoutingKey = row.TextOrNull(4),
    });

    private static TimeSpan? Ticks(long? ticks) => ticks is { } number ? TimeSpan.FromTicks(number) : null;
}
