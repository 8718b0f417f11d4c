using Celeriac.CommandLine.Tests;

namespace Celeriac.Postgres.Tests;

/// <summary>The verb <c>migrate</c>, as an operator runs it before a deployment.</summary>
public sealed class MigrateVerbTests : PostgresTest
{
    public MigrateVerbTests() => Schema = SharedServer.NewSchema();

    [Fact]
    public async Task A_fresh_database_gets_its_tables_and_again_there_is_nothing_to_do()
    {
        var first = await MigrateAsync($"{Url}&migrate=false");
        Assert.True(first.Code == 0 && first.Output.Contains($"Schema '{Schema}'", StringComparison.Ordinal) && first.Output.Contains("was brought to version 3", StringComparison.Ordinal), first.All);
        Assert.Equal("3", await Server.ControlAsync($"SELECT value FROM {Schema}.meta WHERE name = 'schema_version'"));
        var second = await MigrateAsync($"{Url}&migrate=false");
        Assert.True(second.Code == 0 && second.Output.Contains("nothing to do", StringComparison.Ordinal), second.All);
    }

    [Fact]
    public async Task A_schema_of_the_first_version_is_brought_up_with_what_it_holds()
    {
        var client = OpenClient();
        await client.SendAsync(LedgerTasks.AddTask.S(1, 2), Cancelled);
        await Server.ControlAsync($"ALTER TABLE {Schema}.inbox DROP COLUMN result; UPDATE {Schema}.meta SET value = 1 WHERE name = 'schema_version'");
        var brought = await MigrateAsync(Url);
        Assert.True(brought.Code == 0 && brought.Output.Contains("was brought to version 3", StringComparison.Ordinal), brought.All);
        Assert.Equal("0", await Server.ControlAsync($"SELECT count(result) FROM {Schema}.inbox"));
        Assert.Equal(1, await CountAsync(client));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var run = await MigrateAsync(Url.Replace("/postgres?", "/no_such_database?", StringComparison.Ordinal));
        Assert.True(run.Code != 0 && run.Error.Contains("has no such database", StringComparison.Ordinal) && run.Error.Contains("Create it", StringComparison.Ordinal), run.All);
    }

    [Fact]
    public async Task A_user_without_rights_is_told_what_to_do()
    {
        var user = $"u_{Guid.NewGuid():N}"[..20];
        await Server.ControlAsync($"CREATE ROLE {user} LOGIN PASSWORD 'x'");
        var run = await MigrateAsync($"postgres://{user}:x@127.0.0.1:{Server.Port}/postgres?schema={Schema}");
        Assert.True(run.Code != 0 && run.Error.Contains("permission denied", StringComparison.Ordinal) && run.Error.Contains("docs/postgres.md", StringComparison.Ordinal), run.All);
    }

    [Fact]
    public async Task A_broker_without_tables_says_so()
    {
        var run = await MigrateAsync($"memory://{Queue}");
        Assert.True(run.Code == 0 && run.Output.Contains("has no tables to migrate", StringComparison.Ordinal), run.All);
    }

    private static async Task<CommandLineRun> MigrateAsync(string url)
    {
        var run = await CommandLineRun.Of(celeriac => celeriac.Broker(url), "", ["migrate"]);
        Assert.DoesNotContain("   at ", run.All, StringComparison.Ordinal);
        return run;
    }
}
