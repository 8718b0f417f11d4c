using Celeriac.Bench.Acting;
using Npgsql;
using NpgsqlTypes;

namespace Celeriac.Bench.Yardsticks;

/// <summary>
/// The tightest loop over PostgreSQL that keeps the guarantees: prepared statements on arrays, three durable commits a batch (insert; claim; result and delete).
/// <c>mode=result</c> does all three, <c>mode=drain</c> fills a queue and measures claim and delete.
/// </summary>
internal sealed class PostgresLoop(Arguments arguments) : Actor
{
    private static readonly byte[] s_headers = new byte[400];
    private readonly int _batch = arguments.Number("batch", 64);
    private NpgsqlConnection _connection = null!;
    private NpgsqlCommand _insert = null!, _claim = null!, _finish = null!, _delete = null!;

    public override async Task PrepareAsync()
    {
        var url = new Uri(arguments.Broker);
        var user = url.UserInfo.Split(':');
        _connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port,
            Username = user[0],
            Password = Uri.UnescapeDataString(user[1]),
            Database = url.AbsolutePath[1..],
        }.ConnectionString);
        await _connection.OpenAsync();
        var schema = arguments.Queue.Replace('-', '_');
        await using (var make = new NpgsqlCommand($"""
            CREATE SCHEMA {schema};
            CREATE TABLE {schema}.q(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, queue int, prio smallint, due bigint, owner bigint, headers bytea, body bytea);
            CREATE INDEX q_ready ON {schema}.q(queue, prio, id) WHERE owner IS NULL;
            CREATE TABLE {schema}.r(task text PRIMARY KEY, body bytea);
            """, _connection))
        {
            await make.ExecuteNonQueryAsync();
        }
        _insert = await PrepareAsync($"INSERT INTO {schema}.q(queue, prio, headers, body) SELECT 1, 0, * FROM unnest($1, $2)", NpgsqlDbType.Bytea, NpgsqlDbType.Bytea);
        _claim = await PrepareAsync($"""
            UPDATE {schema}.q SET owner = 1 WHERE id = ANY(ARRAY(SELECT id FROM {schema}.q WHERE queue = 1 AND owner IS NULL ORDER BY prio, id LIMIT {_batch} FOR UPDATE SKIP LOCKED))
            RETURNING id, headers, body
            """);
        _finish = await PrepareAsync($"WITH ended AS (DELETE FROM {schema}.q WHERE id = ANY($1)) INSERT INTO {schema}.r(task, body) SELECT * FROM unnest($2, $3)",
            NpgsqlDbType.Bigint, NpgsqlDbType.Text, NpgsqlDbType.Bytea);
        _delete = await PrepareAsync($"DELETE FROM {schema}.q WHERE id = ANY($1)", NpgsqlDbType.Bigint);
    }

    public override async Task<Report> RunAsync(CancellationToken end)
    {
        var meter = new Meter(0);
        var keepsResults = arguments.Text("mode") == "result";
        await LoopAsync(arguments.Warm, inserts: true, keepsResults);
        for (var filled = 0; !keepsResults && filled < arguments.Tasks; filled += _batch)
        {
            await InsertAsync();
        }
        meter.Begin();
        await LoopAsync(arguments.Tasks, inserts: keepsResults, keepsResults);
        return meter.Finish((arguments.Tasks + _batch - 1) / _batch * _batch);
    }

    public override ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task LoopAsync(int tasks, bool inserts, bool keepsResults)
    {
        for (var done = 0; done < tasks; done += _batch)
        {
            if (inserts)
            {
                await InsertAsync();
            }
            var claimed = await ClaimAsync();
            await (keepsResults
                ? RunAsync(_finish, claimed, claimed.Select(_ => Guid.CreateVersion7().ToString()).ToArray(), Enumerable.Repeat(CeleryMessage.Reply, claimed.Length).ToArray())
                : RunAsync(_delete, claimed));
        }
    }

    private Task InsertAsync() => RunAsync(_insert, Enumerable.Repeat(s_headers, _batch).ToArray(), Enumerable.Repeat(CeleryMessage.Body, _batch).ToArray());

    private async Task<long[]> ClaimAsync()
    {
        var claimed = new List<long>(_batch);
        await using var rows = await _claim.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            claimed.Add(rows.GetInt64(0));
            _ = rows.GetFieldValue<byte[]>(2);
        }
        return [.. claimed];
    }

    private static async Task RunAsync(NpgsqlCommand command, params object[] values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index];
        }
        await command.ExecuteNonQueryAsync();
    }

    private async Task<NpgsqlCommand> PrepareAsync(string text, params NpgsqlDbType[] arrays)
    {
        var command = new NpgsqlCommand(text, _connection);
        foreach (var type in arrays)
        {
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type });
        }
        await command.PrepareAsync();
        return command;
    }
}
