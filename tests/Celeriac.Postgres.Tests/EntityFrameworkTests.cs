using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Celeriac.Postgres.Tests;

/// <summary>Tasks in the transaction of a <see cref="DbContext"/>.</summary>
public sealed class EntityFrameworkTests : PostgresTest
{
    public override async ValueTask InitializeAsync() =>
        await Server.ControlAsync($"SET client_min_messages = error; SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS {LedgerTasks.Table}(entry text NOT NULL)");

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task A_task_sent_in_the_transaction_of_a_context_shares_the_fate_of_its_changes(bool commits, int expected)
    {
        var client = OpenClient();
        await client.Transport.ConnectAsync(Cancelled);
        await client.Transport.DeclareAsync(Messaging.Topology.Queue(Queue), Cancelled);
        await using (var ledger = new Ledger(Server.ConnectionString))
        {
            await using var transaction = await ledger.Database.BeginTransactionAsync(Cancelled);
            ledger.Add(new Entry { Text = Queue });
            await ledger.SaveChangesAsync(Cancelled);
            await client.In(ledger.Database.CurrentTransaction!.GetDbTransaction()).SendAsync(LedgerTasks.AddTask.S(1, 2), Cancelled);
            Assert.Equal(0, await CountAsync(client));
            if (commits)
            {
                await transaction.CommitAsync(Cancelled);
            }
        }
        Assert.Equal(expected, await CountAsync(client));
        Assert.Equal(expected, await NumberAsync($"SELECT count(*) FROM {LedgerTasks.Table} WHERE entry = '{Queue}'"));
    }

    private sealed class Entry
    {
        public required string Text { get; init; }
    }

    private sealed class Ledger(string database) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseNpgsql(database);

        protected override void OnModelCreating(ModelBuilder model) => model.Entity<Entry>(entry =>
        {
            entry.ToTable("ledger", "public").HasKey(one => one.Text);
            entry.Property(one => one.Text).HasColumnName("entry");
        });
    }
}
