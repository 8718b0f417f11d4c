using System.Collections.Concurrent;
using System.Text;
using Celeriac.Amqp;
using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Postgres;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Celeriac.Stomp.Tests;

/// <summary>Tasks of a transaction in PostgreSQL, published by a relay to RabbitMQ over AMQP.</summary>
public sealed class RabbitMqOutboxTests(RabbitMqFixture broker, PostgresFixture database) : OutboxFacts(database)
{
    protected override string Broker => broker.Server.AmqpUrl;
}

/// <summary>The same to ActiveMQ over STOMP.</summary>
public sealed class ActiveMqOutboxTests(ActiveMqFixture broker, PostgresFixture database) : OutboxFacts(database)
{
    protected override string Broker => broker.Server.StompUrl;
}

/// <summary>The outbox and the inbox around a real broker.</summary>
public abstract class OutboxFacts(PostgresFixture database) : IAsyncLifetime, ITaskFilter
{
    private readonly string _schema = $"t_{Guid.NewGuid():N}";
    private readonly string _queue = $"outbox-{Guid.NewGuid():N}"[..19];
    private readonly ConcurrentQueue<(string Id, string Answer)> _answers = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly SemaphoreSlim _answered = new(0);
    private NpgsqlDataSource? _source;
    private PostgresOutbox? _outbox;
    private TaskClient? _client;

    static OutboxFacts()
    {
        Transports.Add("amqp", new AmqpTransportFactory());
        Transports.Add("stomp", new StompTransportFactory());
    }

    protected abstract string Broker { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private CeleriacOptions Options => new() { BrokerUrl = Broker, DefaultQueue = _queue, ResultBackend = "disabled://" };

    public async ValueTask InitializeAsync()
    {
        _source = NpgsqlDataSource.Create(database.Server.ConnectionString);
        _outbox = new PostgresOutbox($"{database.Server.Url}?schema={_schema}&reconnect_delay=20ms");
        await _outbox.ConnectAsync(Cancelled);
        await ExecuteAsync($"CREATE TABLE {_schema}.work(id text)");
        _client = TaskClient.Open(Options);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).WaitAsync(TimeSpan.FromSeconds(30));
        await _client!.Transport.DeleteQueueAsync(_queue);
        await _client.DisposeAsync();
        await _outbox!.DisposeAsync();
        await _source!.DisposeAsync();
        _stop.Dispose();
        _answered.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Notes what each message came to.</summary>
    async ValueTask<ReadOnlyMemory<byte>> ITaskFilter.RunAsync(TaskInvocation run, TaskInvoker next)
    {
        var answer = await next(run);
        _answers.Enqueue((run.Context.Id, Encoding.UTF8.GetString(answer.Span)));
        _answered.Release();
        return answer;
    }

    [Fact(Timeout = 180_000)]
    public async Task What_is_committed_is_published_with_its_id_and_what_is_rolled_back_is_not()
    {
        _running.Add(_outbox!.RelayAsync(_client!, _stop.Token));
        await SendAsync(commits: false);
        var id = await SendAsync(commits: true);
        await StartWorkerAsync();
        Assert.True(await _answered.WaitAsync(TimeSpan.FromSeconds(30), Cancelled));
        Assert.Equal(id, Assert.Single(_answers).Id);
        // The worker may be faster than the relay with its own delete.
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await _outbox.CountAsync(Cancelled) > 0)
        {
            await pause.WaitForNextTickAsync(Cancelled);
        }
    }

    [Fact]
    public async Task A_relay_that_is_killed_before_its_own_delete_publishes_again_and_the_inbox_drops_the_repeat()
    {
        // The first delete kills its own connection: by then the broker has confirmed the message.
        await ExecuteAsync($"""
            CREATE SEQUENCE {_schema}.deletes;
            CREATE FUNCTION {_schema}.die() RETURNS trigger LANGUAGE plpgsql AS
              'BEGIN IF nextval(''{_schema}.deletes'') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN OLD; END';
            CREATE TRIGGER die BEFORE DELETE ON {_schema}.outbox FOR EACH ROW EXECUTE FUNCTION {_schema}.die();
            """);
        await StartWorkerAsync();
        var id = await SendAsync(commits: true);
        _running.Add(_outbox!.RelayAsync(_client!, _stop.Token));
        for (var message = 0; message < 2; message++)
        {
            Assert.True(await _answered.WaitAsync(TimeSpan.FromSeconds(30), Cancelled), $"message {message}");
        }
        Assert.Equal(id, Assert.Single(_answers.Select(answer => answer.Id).Distinct()));
        Assert.Single(_answers.Select(answer => answer.Answer).Distinct());
        await using var count = _source!.CreateCommand($"SELECT string_agg(id, ',') FROM {_schema}.work");
        Assert.Equal(id, await count.ExecuteScalarAsync(Cancelled));
    }

    private async Task<string> SendAsync(bool commits)
    {
        await using var connection = await _source!.OpenConnectionAsync(Cancelled);
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        var sent = await _outbox!.In(_client!, transaction).SendAsync(new Signature("outbox.work"), Cancelled);
        if (commits)
        {
            await transaction.CommitAsync(Cancelled);
        }
        return sent.Id;
    }

    private async Task StartWorkerAsync()
    {
        var worker = new Worker(_client!, new TaskRegistry([new TaskDefinition { Name = "outbox.work", Method = "Work", Parameters = [], Invoker = WorkAsync }]), new WorkerOptions { Concurrency = 2 }, Options)
        {
            Filters = new TaskFilters().Add(this, order: -1).Add(new PostgresInbox(_source!, _schema)),
        };
        var run = worker.RunAsync(_stop.Token);
        _running.Add(run);
        await Task.WhenAny(worker.Ready, run).WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
    }

    /// <summary>Writes a row; no two runs answer the same.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> WorkAsync(TaskInvocation run)
    {
        await using var write = new NpgsqlCommand($"INSERT INTO {_schema}.work(id) VALUES ($1)", PostgresInbox.Transaction.Connection, PostgresInbox.Transaction);
        write.Parameters.Add(new NpgsqlParameter { Value = run.Context.Id });
        await write.ExecuteNonQueryAsync(run.CancellationToken);
        return TaskInvocation.Result(Guid.NewGuid().ToString());
    }

    private async Task ExecuteAsync(string statements)
    {
        await using var command = _source!.CreateCommand(statements);
        await command.ExecuteNonQueryAsync(Cancelled);
    }
}
