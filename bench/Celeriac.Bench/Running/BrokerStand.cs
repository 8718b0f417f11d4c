using Celeriac.Brokers;
using Microsoft.Data.Sqlite;
using RabbitMQ.Client;

namespace Celeriac.Bench.Running;

/// <summary>The brokers of a bench, each started when it is first needed and used by every scenario on it; ActiveMQ anew for each run.</summary>
internal sealed class BrokerStand : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("celeriac-bench-");
    private RabbitMqServer? _rabbit;
    private ActiveMqServer? _active;
    private PostgresServer? _postgres;
    private int _run;

    /// <summary>Broker and queue of one run, and the broker's process where it is one.</summary>
    /// <param name="Url">The broker.</param>
    /// <param name="Queue">The queue.</param>
    /// <param name="Process">The broker's process.</param>
    /// <param name="Store">Where results are kept, for those that want them kept.</param>
    internal sealed record Stall(string Url, string Queue, int? Process, string Store);

    public async Task<Stall> OpenAsync(BrokerKind kind)
    {
        var queue = $"bench-{++_run}";
        var file = $"sqlite://{_folder.FullName}/{queue}.db";
        return kind switch
        {
            BrokerKind.Memory => new Stall("memory://bench", queue, null, "memory://bench"),
            BrokerKind.Sqlite => new Stall(file, queue, null, file),
            BrokerKind.RabbitMq => new Stall((_rabbit ??= await RabbitMqServer.StartAsync()).AmqpUrl, queue, _rabbit.ProcessId, file),
            BrokerKind.Postgres => new Stall($"{(_postgres ??= await PostgresServer.StartAsync()).Url}?schema={SchemaOf(queue)}", queue, _postgres.ProcessId, file),
            _ => new Stall((_active ??= await ActiveMqServer.StartAsync()).StompUrl, queue, _active.ProcessId, file),
        };
    }

    /// <summary>Says what is on disk when a task of this run is counted as sent. Read where it can be read, after a run.</summary>
    public async Task<string> DescribeAsync(BrokerKind kind, Stall stall) => kind switch
    {
        BrokerKind.Memory => "nothing is on disk",
        BrokerKind.Sqlite => $"SQLite {ReadSqlite(stall)}, {(stall.Url.Contains("synchronous=normal", StringComparison.Ordinal) ? "synchronous=NORMAL" : "synchronous=FULL (the URL's default): a commit survives power loss")}",
        BrokerKind.RabbitMq => "RabbitMQ, persistent messages; queues (name, type, durable): " + string.Join("; ", (await _rabbit!.ControlAsync("list_queues", "name", "type", "durable"))
            .Split('\n').Where(line => line.StartsWith(stall.Queue, StringComparison.Ordinal)).Select(line => line.Replace('\t', ' '))),
        BrokerKind.Postgres => "PostgreSQL; " + (await _postgres!.ControlAsync("SELECT string_agg(name || '=' || setting, ', ') FROM pg_settings WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'wal_sync_method')")),
        _ => "ActiveMQ, persistent messages; " + (await File.ReadAllLinesAsync(Path.Combine(_active!.Folder, "conf", "activemq.xml")))
            .First(line => line.Contains("kahaDB", StringComparison.Ordinal)).Trim().Replace(_active.Folder, "…", StringComparison.Ordinal) + " (no setting for journal syncing: its default, which is always)",
    };

    /// <summary>Leaves nothing of a run behind that could slow the next.</summary>
    public async Task CloseAsync(BrokerKind kind, Stall stall)
    {
        _folder.GetFiles($"{stall.Queue}.db*").ToList().ForEach(file => file.Delete());
        if (kind == BrokerKind.Postgres)
        {
            await _postgres!.ControlAsync($"SET client_min_messages = error; DROP SCHEMA IF EXISTS {SchemaOf(stall.Queue)} CASCADE");
        }
        if (kind == BrokerKind.RabbitMq)
        {
            await using var connection = await new ConnectionFactory { Uri = new Uri(stall.Url) }.CreateConnectionAsync();
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeleteAsync(stall.Queue);
        }
        // STOMP cannot delete a queue, and what is left in one slows the next run, as a broker slows the first while Java compiles it: each gets one of its own.
        if (kind == BrokerKind.ActiveMq)
        {
            await _active!.DisposeAsync();
            _active = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_rabbit is not null)
        {
            await _rabbit.DisposeAsync();
        }
        if (_active is not null)
        {
            await _active.DisposeAsync();
        }
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
        _folder.Delete(recursive: true);
    }

    private static string SchemaOf(string queue) => queue.Replace('-', '_');

    private static string ReadSqlite(Stall stall)
    {
        using var connection = new SqliteConnection($"Data Source={new Uri(stall.Url).LocalPath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sqlite_version(), (SELECT journal_mode FROM pragma_journal_mode)";
        using var row = command.ExecuteReader();
        row.Read();
        return $"{row.GetString(0)}, journal_mode={row.GetString(1)}";
    }
}
