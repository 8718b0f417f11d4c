using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Postgres.Tests;

public sealed class MigrationTests : PostgresTest
{
    public MigrationTests() => Schema = SharedServer.NewSchema();

    [Fact]
    public async Task Many_that_come_first_at_once_make_one_schema()
    {
        var clients = Enumerable.Range(0, 6).Select(_ => OpenClient()).ToArray();
        await Task.WhenAll(clients.Select(client => client.Transport.ConnectAsync(Cancelled).AsTask()));
        Assert.Equal("3", await Server.ControlAsync($"SELECT value FROM {Schema}.meta WHERE name = 'schema_version'"));
    }

    [Fact]
    public async Task Without_leave_a_missing_schema_is_refused_until_it_is_migrated()
    {
        var client = OpenClient(Url + "&migrate=false");
        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => client.Transport.ConnectAsync(Cancelled).AsTask());
        Assert.Contains("celeriac migrate", error.Message, StringComparison.Ordinal);

        var owner = OpenClient(Url + "&migrate=false");
        Assert.Contains("brought to version 3", await ((StoreTransport)owner.Transport).MigrateAsync(Cancelled), StringComparison.Ordinal);
        await OpenClient(Url + "&migrate=false").Transport.ConnectAsync(Cancelled);
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await OpenClient().Transport.ConnectAsync(Cancelled);
        await Server.ControlAsync($"UPDATE {Schema}.meta SET value = 99 WHERE name = 'schema_version'");
        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => OpenClient().Transport.ConnectAsync(Cancelled).AsTask());
        Assert.Contains("version 99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_at_once_and_not_shown()
    {
        var url = Url.Replace(BrokerUrl.Parse(Url).Password!.Replace("+", "%2B", StringComparison.Ordinal), "wr0ng", StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => OpenClient(url).SendAsync(LedgerTasks.AddTask.S(1, 1), Cancelled).AsTask());
        Assert.DoesNotContain("wr0ng", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_that_the_user_may_not_use_is_refused_in_words()
    {
        var user = $"u_{Guid.NewGuid():N}"[..20];
        await OpenClient().Transport.ConnectAsync(Cancelled);
        await Server.ControlAsync($"CREATE ROLE {user} LOGIN PASSWORD 'x'");
        var url = $"postgres://{user}:x@127.0.0.1:{Server.Port}/postgres?schema={Schema}";
        var error = await Assert.ThrowsAsync<TransportRefusedException>(() => OpenClient(url).Transport.ConnectAsync(Cancelled).AsTask());
        Assert.Contains("docs/postgres.md", error.Message, StringComparison.Ordinal);
    }
}
