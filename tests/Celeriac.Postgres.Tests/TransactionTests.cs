using System.Data;
using Celeriac.Messaging;
using Npgsql;

namespace Celeriac.Postgres.Tests;

/// <summary>Tasks sent and completed inside the user's own transactions; each point at which something may die, one by one.</summary>
public sealed class TransactionTests : PostgresTest
{
    public override async ValueTask InitializeAsync() =>
        await Server.ControlAsync($"SET client_min_messages = error; SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS {LedgerTasks.Table}(entry text NOT NULL)");

    [Fact]
    public async Task A_task_sent_in_a_transaction_is_there_after_the_commit_and_not_before()
    {
        var client = OpenClient();
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        var sent = await client.In(transaction).SendAsync(LedgerTasks.AddTask.S(2, 3), Cancelled);
        Assert.Equal(0, await CountAsync(client));
        await transaction.CommitAsync(Cancelled);
        Assert.Equal(1, await CountAsync(client));
        await StartWorkerAsync();
        Assert.Equal(5, await sent.GetAsync(TimeSpan.FromSeconds(60), Cancelled));
    }

    [Fact]
    public async Task A_commit_wakes_the_worker_that_waits()
    {
        await StartWorkerAsync();
        var client = OpenClient();
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        AsyncResult<int> sent;
        using (client.In(transaction).Use())
        {
            sent = await LedgerTasks.AddTask.DelayAsync(4, 5, Cancelled);
        }
        await transaction.CommitAsync(Cancelled);
        Assert.Equal(9, await sent.GetAsync(TimeSpan.FromSeconds(60), Cancelled));
    }

    [Theory]
    [InlineData("rolled back")]
    [InlineData("connection killed")]
    [InlineData("disposed")]
    public async Task A_task_of_a_transaction_that_does_not_commit_never_existed(string end)
    {
        var client = OpenClient();
        var connection = await ConnectAsync();
        var transaction = await connection.BeginTransactionAsync(Cancelled);
        await client.In(transaction).SendManyAsync([LedgerTasks.AddTask.S(1, 1), LedgerTasks.AddTask.S(2, 2)], Cancelled);
        switch (end)
        {
            case "rolled back":
                await transaction.RollbackAsync(Cancelled);
                break;
            case "connection killed":
                await Server.ControlAsync($"SELECT pg_terminate_backend({connection.ProcessID})");
                await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancelled));
                break;
            default:
                await transaction.DisposeAsync();
                break;
        }
        await client.SendAsync(LedgerTasks.AddTask.S(3, 3), Cancelled);
        Assert.Equal(1, await CountAsync(client));
    }

    [Fact]
    public async Task An_open_transaction_holds_up_neither_declarations_nor_other_senders()
    {
        var client = OpenClient();
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        await client.In(transaction).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled);
        await client.Transport.DeclareAsync(Topology.Queue($"{Queue}-other"), Cancelled);
        await client.SendAsync(LedgerTasks.AddTask.S(2, 2), Cancelled);
        Assert.Equal(1, await CountAsync(client));
        await transaction.CommitAsync(Cancelled);
        Assert.Equal(2, await CountAsync(client));
    }

    [Fact]
    public async Task A_transaction_with_an_old_snapshot_sends_all_the_same()
    {
        var client = OpenClient();
        await client.SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled);
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable, Cancelled);
        await using (var look = new NpgsqlCommand("SELECT 1", connection, transaction))
        {
            await look.ExecuteScalarAsync(Cancelled);
        }
        await client.Transport.DeclareAsync(Topology.Queue($"{Queue}-other"), Cancelled);
        await client.In(transaction).SendAsync(LedgerTasks.AddTask.S(2, 2), Cancelled);
        await transaction.CommitAsync(Cancelled);
        Assert.Equal(2, await CountAsync(client));
    }

    [Fact]
    public async Task Without_a_transaction_on_the_connection_each_sending_is_one()
    {
        var client = OpenClient();
        await client.In(await ConnectAsync()).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled);
        Assert.Equal(1, await CountAsync(client));
    }

    [Fact]
    public async Task A_transaction_on_another_database_is_refused()
    {
        var name = $"other_{Guid.NewGuid():N}";
        await Server.ControlAsync($"CREATE DATABASE {name}");
        var there = OpenClient(Url.Replace("/postgres?", $"/{name}?", StringComparison.Ordinal));
        await there.Transport.ConnectAsync(Cancelled);
        var connection = Own(new NpgsqlConnection(Server.ConnectionString.Replace("Database=postgres", $"Database={name};Pooling=false", StringComparison.Ordinal)));
        await connection.OpenAsync(Cancelled);
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => OpenClient().In(transaction).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled).AsTask());
        Assert.Contains("another database", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_unique_task_is_refused_in_a_transaction()
    {
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenClient().In(transaction).SendAsync(LedgerTasks.AloneTask.S(), Cancelled).AsTask());
        Assert.Contains("ledger.unique", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_another_broker_is_pointed_to_the_outbox()
    {
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        var error = Assert.Throws<ArgumentException>(() => OpenClient($"memory://{Queue}").In(transaction));
        Assert.Contains("PostgresOutbox", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ended_transaction_is_refused()
    {
        var connection = await ConnectAsync();
        var transaction = await connection.BeginTransactionAsync(Cancelled);
        await transaction.DisposeAsync();
        Assert.ThrowsAny<Exception>(() => OpenClient().In(transaction));
    }

    [Theory]
    [InlineData("never")]
    [InlineData("before completing")]
    [InlineData("before committing")]
    [InlineData("after committing")]
    public async Task A_task_completed_in_the_transaction_of_its_work_does_it_once_whenever_its_connection_dies(string dies)
    {
        await StartWorkerAsync();
        var client = OpenClient();
        var sent = await client.SendAsync(LedgerTasks.BookTask.S(Queue, dies), Cancelled);
        Assert.Equal(42, await sent.GetAsync(TimeSpan.FromSeconds(60), Cancelled));
        await EventuallyAsync(async () => await CountAsync(client) == 0, "the message is settled");
        Assert.Equal(1, await NumberAsync($"SELECT count(*) FROM {LedgerTasks.Table} WHERE entry = '{Queue}'"));
    }

    [Fact]
    public async Task What_follows_a_task_that_completes_itself_is_there_with_its_commit()
    {
        await StartWorkerAsync();
        var sent = await OpenClient().SendAsync(LedgerTasks.BookTask.S(Queue, "after committing") | LedgerTasks.AddTask.Partial(1), Cancelled);
        Assert.Equal(43, await sent.GetAsync(TimeSpan.FromSeconds(60), Cancelled));
        Assert.Equal(1, await NumberAsync($"SELECT count(*) FROM {LedgerTasks.Table} WHERE entry = '{Queue}'"));
    }

    [Fact]
    public async Task A_member_of_a_chord_is_refused()
    {
        await StartWorkerAsync();
        var sent = await OpenClient().SendAsync(Group.Of(LedgerTasks.BookTask.S(Queue, "never")) | LedgerTasks.SumTask.Partial(), Cancelled);
        var error = await Assert.ThrowsAsync<RemoteTaskException>(async () => await sent.GetAsync(TimeSpan.FromSeconds(60), Cancelled));
        Assert.Contains("member of a chord", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rollback_after_which_the_claim_was_lost_is_no_success()
    {
        var worker = await StartWorkerAsync();
        var client = OpenClient();
        var sent = await client.SendAsync(LedgerTasks.SlipTask.S(Queue, Schema), Cancelled);
        Assert.Equal(2, await sent.GetAsync(TimeSpan.FromSeconds(60), Cancelled));
        await EventuallyAsync(async () => await CountAsync(client) == 0, "the message is settled");
        await EventuallyAsync(() => Task.FromResult(worker.Counters.Succeeded == 1), "one run counts");
        Assert.Equal(2, worker.Counters.Started);
        Assert.Equal(1, await NumberAsync($"SELECT count(*) FROM {LedgerTasks.Table} WHERE entry = '{Queue}'"));
    }

    [Fact]
    public async Task A_claim_that_another_has_taken_over_ends_the_transaction()
    {
        var client = OpenClient();
        await client.SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled);
        var delivery = await client.Transport.GetAsync(Queue, Cancelled);
        await Server.ControlAsync($"UPDATE {Schema}.messages SET holder = NULL WHERE id = {delivery!.Claim.Tag}");
        var store = ((Messaging.Stores.StoreTransport)client.Transport).Store;
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        Assert.Null(await Transactions.TransactionWriting.EndAsync(
            Transactions.UserTransaction.Of(transaction), (PostgresQueueStore)store, "test", delivery.Claim, null, 0, Cancelled));
    }
}
