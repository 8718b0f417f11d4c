using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Postgres.Transactions;
using Npgsql;

namespace Celeriac.Postgres.Tests;

/// <summary>The server is killed (SIGKILL, every process of it) at each point of a transaction that sends a task.</summary>
[Collection("Faults")]
public sealed class CrashTests(RestartedServer own) : PostgresTest, IClassFixture<RestartedServer>
{
    protected override PostgresServer Server => own.Server;

    [Theory]
    [InlineData("before sending", 0)]
    [InlineData("before the commit", 0)]
    [InlineData("after the commit", 1)]
    public async Task A_task_survives_the_death_of_the_server_if_and_only_if_its_transaction_had_committed(string dies, int there)
    {
        var client = OpenClient(Url + "&publish_timeout=20s");
        await client.Transport.DeclareAsync(Topology.Queue(Queue), Cancelled);
        var connection = await ConnectAsync();
        var transaction = await connection.BeginTransactionAsync(Cancelled);
        if (dies == "before sending")
        {
            await CrashAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => client.In(transaction).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled).AsTask());
        }
        else
        {
            await client.In(transaction).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled);
            if (dies == "before the commit")
            {
                await CrashAsync();
                await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancelled));
            }
            else
            {
                await transaction.CommitAsync(Cancelled);
                await CrashAsync();
            }
        }
        Assert.Equal(there, await CountAsync(client));
    }

    [Theory]
    [InlineData("before the commit", 0)]
    [InlineData("after the commit", 1)]
    [InlineData("between publishing and removing", 2)]
    public async Task A_task_of_the_outbox_survives_the_death_of_the_server_if_and_only_if_its_transaction_had_committed(string dies, int published)
    {
        var outbox = Own(new PostgresOutbox(Url + "&publish_timeout=20s"));
        await outbox.ConnectAsync(Cancelled);
        var client = OpenClient($"memory://{Queue}");
        await client.Transport.DeclareAsync(Topology.Queue(Queue), Cancelled);
        var connection = await ConnectAsync();
        var transaction = await connection.BeginTransactionAsync(Cancelled);
        await outbox.In(client, transaction).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled);
        if (dies == "before the commit")
        {
            await CrashAsync();
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancelled));
        }
        else
        {
            await transaction.CommitAsync(Cancelled);
        }
        if (dies == "after the commit")
        {
            await CrashAsync();
        }
        Assert.Equal(Math.Min(published, 1), await outbox.CountAsync(Cancelled));

        var ids = new List<string?>();
        var publishing = new TaskClient(new TransactionTransport(client.Transport, PublishAsync, declares: true), client.Results, new CeleriacOptions { DefaultQueue = Queue });
        using var stop = new CancellationTokenSource();
        var relay = outbox.RelayAsync(publishing, stop.Token);
        await EventuallyAsync(async () => await outbox.CountAsync(Cancelled) == 0, "the outbox is empty");
        await stop.CancelAsync();
        await relay.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.Equal(published, await CountAsync(client));
        // Where the server died before the removal it is there twice, with one id: an inbox drops the repeat.
        Assert.Equal((published, Math.Min(published, 1)), (ids.Count, ids.Distinct().Count()));

        async ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
        {
            ids.Add(publications.Span[0].Message.CorrelationId);
            await client.Transport.PublishAsync(publications, cancellationToken);
            if (dies == "between publishing and removing" && ids.Count == 1)
            {
                await CrashAsync();
            }
        }
    }

    [Fact]
    public async Task What_was_confirmed_and_what_was_claimed_is_there_after_a_crash()
    {
        var client = OpenClient(Url + "&publish_timeout=20s");
        await client.SendManyAsync(Enumerable.Range(0, 100).Select(number => LedgerTasks.AddTask.S(number, 1)), Cancelled);
        var delivery = await client.Transport.GetAsync(Queue, Cancelled);
        Assert.NotNull(delivery);
        await CrashAsync();
        Assert.Equal(100, await CountAsync(client));
    }

    private async Task CrashAsync()
    {
        await Server.KillAsync();
        await Server.RestartAsync();
    }
}
