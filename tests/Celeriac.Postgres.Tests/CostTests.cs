using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Celeriac.Postgres.Tests;

/// <summary>What a task costs the server, by the server's own count.</summary>
public sealed class CostTests(ITestOutputHelper output) : PostgresTest
{
    private const int Tasks = 5000;

    [Fact]
    public async Task A_task_with_its_result_costs_less_than_a_statement_and_a_tenth_of_a_commit()
    {
        // A database of its own: the counts are kept by database.
        var name = $"cost_{Guid.NewGuid():N}";
        await Server.ControlAsync("SET client_min_messages = error; SELECT pg_advisory_lock(2); CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        await Server.ControlAsync($"CREATE DATABASE {name}");
        var url = Url.Replace("/postgres?", $"/{name}?", StringComparison.Ordinal).Replace("sweep=200ms", "sweep=10s", StringComparison.Ordinal);
        var client = OpenClient(url);
        await client.Transport.ConnectAsync(Cancelled);
        await client.Transport.DeclareAsync(Messaging.Topology.Queue(Queue), Cancelled);
        var before = await CountAsync(name);
        var sent = await client.SendManyAsync(Enumerable.Range(0, Tasks).Select(number => LedgerTasks.AddTask.S(number, 1)), Cancelled);
        await StartWorkerAsync(url, concurrency: 100);
        var results = await Task.WhenAll(sent.Select(task => task.GetAsync(TimeSpan.FromSeconds(100), Cancelled).AsTask()));
        Assert.Equal(Enumerable.Range(1, Tasks), results);
        var after = await CountAsync(name);
        var (all, written) = ((after.All - before.All) / Tasks, (after.Written - before.Written) / Tasks);
        var told = string.Create(CultureInfo.InvariantCulture,
            $"PostgreSQL, a task: {all:0.000} statements to enqueue, run, store and await its result, {written:0.000} durable commits ({Tasks} tasks, one worker).");
        output.WriteLine(told);
        Assert.True(all <= 1, told);
        Assert.True(written <= 0.1, told);
    }

    [Fact]
    public async Task An_idle_worker_asks_less_than_once_a_second()
    {
        var name = $"idle_{Guid.NewGuid():N}";
        await Server.ControlAsync("SET client_min_messages = error; SELECT pg_advisory_lock(2); CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        await Server.ControlAsync($"CREATE DATABASE {name}");
        await StartWorkerAsync($"{Server.Url.Replace("/postgres", $"/{name}", StringComparison.Ordinal)}?schema={Schema}");
        var rates = new List<double>();
        // A fact that began beside a hundred others may look while the worker is still busy with its start.
        while (rates.Count < 5 && (rates.Count == 0 || rates[^1] >= 1))
        {
            var (before, started) = (await CountAsync(name), Stopwatch.GetTimestamp());
            using var pause = new PeriodicTimer(TimeSpan.FromSeconds(6));
            await pause.WaitForNextTickAsync(Cancelled);
            rates.Add(((await CountAsync(name)).All - before.All) / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        var told = string.Create(CultureInfo.InvariantCulture, $"PostgreSQL, an idle worker: {rates[^1]:0.00} statements a second, leases, heartbeats, pauses, revocations and sweeps included.");
        output.WriteLine(told);
        output.WriteLine(await Server.ControlAsync($"SELECT calls, left(query, 110) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = '{name}' AND calls > 2 ORDER BY calls DESC"));
        Assert.True(rates[^1] < 1, told);
    }

    private async Task<(double All, double Written)> CountAsync(string database)
    {
        await using var connection = await ConnectAsync();
        // A take travels with a commit, or alone and then waits for no disk: what else writes is a commit.
        await using var count = new NpgsqlCommand(
            """
            SELECT coalesce(sum(calls), 0)::float8, coalesce(sum(calls) FILTER (WHERE wal_records > 0 AND query NOT LIKE '%.take(%'), 0)::float8
            FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1
            """, connection);
        count.Parameters.Add(new NpgsqlParameter { Value = database });
        await using var row = await count.ExecuteReaderAsync(Cancelled);
        await row.ReadAsync(Cancelled);
        return (row.GetDouble(0), row.GetDouble(1));
    }
}
