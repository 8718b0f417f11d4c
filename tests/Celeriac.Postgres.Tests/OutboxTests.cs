using Celeriac.Messaging;
using Celeriac.Postgres.Transactions;

namespace Celeriac.Postgres.Tests;

/// <summary>Tasks for another broker through the outbox; each point at which something may die, one by one.</summary>
public sealed class OutboxTests : PostgresTest
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _relays = [];

    // The outbox is one for its schema: its facts would publish each other's messages.
    public OutboxTests() => Schema = SharedServer.NewSchema();

    private string Broker => $"memory://{Queue}";

    public override async ValueTask InitializeAsync() =>
        await Server.ControlAsync($"SET client_min_messages = error; SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS {LedgerTasks.Table}(entry text NOT NULL)");

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_relays).WaitAsync(TimeSpan.FromSeconds(60));
        await base.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task What_is_committed_is_published_and_what_is_rolled_back_is_not()
    {
        var (outbox, client) = await OpenAsync();
        await SendAsync(outbox, client, commits: false, 1);
        await SendAsync(outbox, client, commits: true, 2);
        Assert.Equal(1, await outbox.CountAsync(Cancelled));
        Relay(outbox, client);
        await EventuallyAsync(async () => await CountAsync(client) == 1 && await outbox.CountAsync(Cancelled) == 0, "it is published");
    }

    [Fact]
    public async Task A_relay_hears_of_a_commit()
    {
        var (outbox, client) = await OpenAsync();
        Relay(outbox, client);
        await SendAsync(outbox, client, commits: true, 1);
        await EventuallyAsync(async () => await CountAsync(client) == 1, "it is published");
    }

    [Fact]
    public async Task Sending_needs_no_broker()
    {
        var (outbox, _) = await OpenAsync();
        var unreachable = new TaskClient(new TransactionTransport(OpenClient(Broker).Transport, (_, _) => throw new TransportException("away"), declares: true), OpenClient(Broker).Results, new CeleriacOptions { DefaultQueue = Queue });
        await SendAsync(outbox, unreachable, commits: true, 1);
        Relay(outbox, unreachable);
        Assert.Equal(1, await outbox.CountAsync(Cancelled));
        var reachable = OpenClient(Broker);
        Relay(outbox, reachable);
        await EventuallyAsync(async () => await CountAsync(reachable) == 1, "another relay publishes it");
    }

    [Fact]
    public async Task A_relay_that_dies_between_publishing_and_removing_publishes_again_with_the_same_id_and_the_inbox_drops_the_repeat()
    {
        var (outbox, client) = await OpenAsync();
        var ids = new List<string?>();
        var dying = new TaskClient(new TransactionTransport(client.Transport, PublishAndDieAsync, declares: true), client.Results, new CeleriacOptions { DefaultQueue = Queue });
        var connection = await ConnectAsync();
        await using (var transaction = await connection.BeginTransactionAsync(Cancelled))
        {
            await outbox.In(client, transaction).SendAsync(LedgerTasks.OnceTask.S(Queue, Url), Cancelled);
            await transaction.CommitAsync(Cancelled);
        }
        Relay(outbox, dying);
        await EventuallyAsync(async () => await outbox.CountAsync(Cancelled) == 0, "it is removed");
        Assert.Equal(2, ids.Count);
        Assert.Single(ids.Distinct());

        await StartWorkerAsync(Broker);
        await EventuallyAsync(async () => await CountAsync(client) == 0, "both have run");
        Assert.Equal(1, await NumberAsync($"SELECT count(*) FROM {LedgerTasks.Table} WHERE entry = '{Queue}'"));

        async ValueTask PublishAndDieAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken)
        {
            ids.Add(publications.Span[0].Message.CorrelationId);
            await client.Transport.PublishAsync(publications, cancellationToken);
            if (ids.Count == 1)
            {
                await Server.ControlAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'celeriac {Schema}' AND state = 'idle in transaction'");
            }
        }
    }

    [Fact]
    public async Task What_the_broker_refuses_stays_with_its_reason_and_holds_up_nothing()
    {
        var (outbox, client) = await OpenAsync();
        var choosy = new TaskClient(new TransactionTransport(client.Transport, RefuseAsync, declares: true), client.Results, new CeleriacOptions { DefaultQueue = Queue });
        await SendAsync(outbox, client, commits: true, 1);
        Relay(outbox, choosy);
        await EventuallyAsync(async () => await Server.ControlAsync($"SELECT last_error FROM {Schema}.outbox") == "too ugly", "the reason is noted");

        static ValueTask RefuseAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken) => throw new TransportRefusedException("too ugly");
    }

    private async Task<(PostgresOutbox Outbox, TaskClient Client)> OpenAsync()
    {
        var outbox = Own(new PostgresOutbox(Url));
        await outbox.ConnectAsync(Cancelled);
        return (outbox, OpenClient(Broker));
    }

    private async Task SendAsync(PostgresOutbox outbox, TaskClient client, bool commits, int number)
    {
        var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        await outbox.In(client, transaction).SendAsync(LedgerTasks.AddTask.S(number, number), Cancelled);
        if (commits)
        {
            await transaction.CommitAsync(Cancelled);
        }
    }

    private void Relay(PostgresOutbox outbox, TaskClient client) => _relays.Add(outbox.RelayAsync(client, _stop.Token));
}
