using System.Collections.Concurrent;
using System.Text;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Postgres.Transactions;
using Npgsql;

namespace Celeriac.Postgres.Tests;

/// <summary>Tasks whose messages come more than once; each point at which something may die, one by one.</summary>
public sealed class InboxTests : PostgresTest, ITaskFilter
{
    private readonly ConcurrentQueue<string> _answers = new();

    // A trigger holds up the commits of its facts.
    public InboxTests() => Schema = SharedServer.NewSchema();

    private string Broker => $"memory://{Queue}";

    public override async ValueTask InitializeAsync() =>
        await Server.ControlAsync($"SET client_min_messages = error; SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS {LedgerTasks.Table}(entry text NOT NULL)");

    /// <summary>Notes what each run answered.</summary>
    async ValueTask<ReadOnlyMemory<byte>> ITaskFilter.RunAsync(TaskInvocation run, TaskInvoker next)
    {
        var answer = await next(run);
        _answers.Enqueue(Encoding.UTF8.GetString(answer.Span));
        return answer;
    }

    [Fact]
    public async Task A_repeat_does_not_run_and_answers_what_the_first_run_answered()
    {
        await StartAsync(Server.Port);
        await SendAsync(copies: 3, fails: false);
        await EventuallyAsync(() => Task.FromResult(_answers.Count == 3), "all three have answered");
        Assert.Single(_answers.Distinct());
        Assert.Equal(1, await EntriesAsync());
    }

    [Fact]
    public async Task A_run_that_fails_leaves_nothing_and_its_retry_runs()
    {
        await StartAsync(Server.Port);
        await SendAsync(copies: 1, fails: true);
        await EventuallyAsync(() => Task.FromResult(_answers.Count == 1), "the retry has answered");
        Assert.Equal(1, await EntriesAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_whose_answer_is_lost_is_asked_for_and_its_work_is_done_once(bool commits)
    {
        await using var network = TcpProxy.Start("127.0.0.1", Server.Port);
        await StartAsync(network.Port);
        await SendAsync(copies: 1, fails: false);
        await EventuallyAsync(() => Task.FromResult(!_answers.IsEmpty), "the first run has ended");
        await Server.ControlAsync($"TRUNCATE {Schema}.inbox; DELETE FROM {LedgerTasks.Table} WHERE entry = '{Queue}'");
        _answers.Clear();

        var hold = await HoldCommitsAsync();
        await SendAsync(copies: 1, fails: false);
        await EventuallyAsync(async () => await NumberAsync("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711") == 1, "it is at its commit");
        network.BlackHole(TrafficDirection.ToClient);
        if (!commits)
        {
            await Server.ControlAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 4711");
        }
        await hold.DisposeAsync();
        if (commits)
        {
            await EventuallyAsync(async () => await EntriesAsync() == 1, "it is committed");
        }
        await network.CutAsync();
        network.Restore();
        await EventuallyAsync(() => Task.FromResult(_answers.Count == 1), "it has answered");
        Assert.Equal(1, await EntriesAsync());
        Assert.Equal(1, await NumberAsync($"SELECT count(*) FROM {Schema}.inbox WHERE convert_from(result, 'utf8') = '{_answers.Single()}' AND retries = {(commits ? 0 : 1)}"));
    }

    [Fact]
    public async Task Outside_of_such_a_task_there_is_no_transaction_and_the_error_says_so()
    {
        await ValueTask.CompletedTask;
        Assert.Contains("AddFilter", Assert.Throws<InvalidOperationException>(() => PostgresInbox.Transaction).Message, StringComparison.Ordinal);
    }

    private async Task StartAsync(int port)
    {
        var source = Own(NpgsqlDataSource.Create($"{Server.ConnectionString};Port={port};Application Name={Queue}"));
        await StartWorkerAsync(Broker, filters: new TaskFilters().Add(this, order: -1).Add(new PostgresInbox(source, Schema), tasks: "ledger.*"));
    }

    /// <summary>Sends one task, and its message as often as a relay that dies and dies.</summary>
    private async Task SendAsync(int copies, bool fails)
    {
        var client = OpenClient(Broker);
        var repeating = new TaskClient(new TransactionTransport(client.Transport, PublishAsync, declares: true), client.Results, new CeleriacOptions { DefaultQueue = Queue });
        await repeating.SendAsync(LedgerTasks.InboxTask.S(Queue, fails), Cancelled);

        async ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
        {
            for (var copy = 0; copy < copies; copy++)
            {
                await client.Transport.PublishAsync(publications, cancellationToken);
            }
        }
    }

    private Task<long> EntriesAsync() => NumberAsync($"SELECT count(*) FROM {LedgerTasks.Table} WHERE entry = '{Queue}'");

    /// <summary>A commit waits inside the server until this connection ends.</summary>
    private async Task<NpgsqlConnection> HoldCommitsAsync()
    {
        await Server.ControlAsync($"""
            CREATE FUNCTION {Schema}.hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON {Schema}.inbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {Schema}.hold()
            """);
        var connection = await ConnectAsync();
        await using var hold = new NpgsqlCommand("SELECT pg_advisory_lock(4711)", connection);
        await hold.ExecuteNonQueryAsync(Cancelled);
        return connection;
    }
}
