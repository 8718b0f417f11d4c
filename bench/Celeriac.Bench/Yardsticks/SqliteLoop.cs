using Celeriac.Bench.Acting;
using Microsoft.Data.Sqlite;

namespace Celeriac.Bench.Yardsticks;

/// <summary>
/// The tightest loop over SQLite that keeps the guarantees: WAL, synchronous=FULL, prepared statements, three commits a batch (insert; claim; result and delete).
/// <c>mode=result</c> does all three, <c>mode=publish</c> only the first; <c>ids=random</c> makes ids as Python does, else they are ordered by time as ours are.
/// </summary>
internal sealed class SqliteLoop(Arguments arguments) : Actor
{
    private const string Schema = """
        CREATE TABLE q(id INTEGER PRIMARY KEY, queue INTEGER, prio INTEGER, due INTEGER, owner INTEGER, lease INTEGER, headers BLOB, body BLOB);
        CREATE INDEX q_ready ON q(queue, prio, id) WHERE owner IS NULL;
        CREATE TABLE r(task TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;
        """;
    private static readonly byte[] s_headers = new byte[400];
    private readonly SqliteConnection _connection = new($"Data Source={new Uri(arguments.Broker).LocalPath}");
    private readonly int _batch = arguments.Number("batch", 64);
    private readonly List<long> _claimed = [];
    private SqliteCommand _insert = null!, _claim = null!, _result = null!, _delete = null!;

    public override Task PrepareAsync()
    {
        _connection.Open();
        Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + Schema);
        _insert = Prepare("INSERT INTO q(queue, prio, headers, body) VALUES(1, 0, $headers, $body)", "$headers", "$body");
        _claim = Prepare(
            "UPDATE q SET owner=1, lease=1 WHERE id IN (SELECT id FROM q WHERE queue=1 AND owner IS NULL ORDER BY prio, id LIMIT $most) RETURNING id, headers, body", "$most");
        _result = Prepare("INSERT INTO r(task, body) VALUES($task, $body)", "$task", "$body");
        _delete = Prepare("DELETE FROM q WHERE id=$id", "$id");
        return Task.CompletedTask;
    }

    public override Task<Report> RunAsync(CancellationToken end)
    {
        var meter = new Meter(0);
        Loop(arguments.Warm);
        meter.Begin();
        Loop(arguments.Tasks);
        return Task.FromResult(meter.Finish((arguments.Tasks + _batch - 1) / _batch * _batch));
    }

    private void Loop(int tasks)
    {
        var works = arguments.Text("mode") == "result";
        for (var done = 0; done < tasks; done += _batch)
        {
            InTransaction(Insert);
            if (works)
            {
                InTransaction(Claim);
                InTransaction(Finish);
            }
        }
    }

    public override ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void Insert()
    {
        for (var index = 0; index < _batch; index++)
        {
            _insert.Parameters[0].Value = s_headers;
            _insert.Parameters[1].Value = CeleryMessage.Body;
            _insert.ExecuteNonQuery();
        }
    }

    private void Claim()
    {
        _claimed.Clear();
        _claim.Parameters[0].Value = _batch;
        using var rows = _claim.ExecuteReader();
        while (rows.Read())
        {
            _claimed.Add(rows.GetInt64(0));
            _ = rows.GetFieldValue<byte[]>(2);
        }
    }

    private void Finish()
    {
        foreach (var id in _claimed)
        {
            _result.Parameters[0].Value = (arguments.Text("ids", "ordered") == "random" ? Guid.NewGuid() : Guid.CreateVersion7()).ToString();
            _result.Parameters[1].Value = CeleryMessage.Reply;
            _result.ExecuteNonQuery();
            _delete.Parameters[0].Value = id;
            _delete.ExecuteNonQuery();
        }
    }

    private void InTransaction(Action work)
    {
        Execute("BEGIN IMMEDIATE");
        work();
        Execute("COMMIT");
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql, params string[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            command.Parameters.Add(name, name is "$headers" or "$body" ? SqliteType.Blob : name == "$task" ? SqliteType.Text : SqliteType.Integer);
        }
        command.Prepare();
        return command;
    }
}
