using Celeriac.Messaging;

namespace Celeriac.Postgres.Tests;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("schema=Celeriac")]
    [InlineData("schema=1st")]
    [InlineData("schema=pg_mine")]
    [InlineData("schema=a-b")]
    [InlineData("schema=a%3BDROP")]
    [InlineData("schema=")]
    [InlineData("schema=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_schema_that_would_need_quoting_is_refused_and_named(string option)
    {
        var error = Assert.Throws<BrokerUrlException>(() => PostgresOptions.From(BrokerUrl.Parse($"postgres://user:hidden@host/db?{option}")));
        Assert.Contains("schema", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_option_is_refused() =>
        Assert.Throws<BrokerUrlException>(() => PostgresOptions.From(BrokerUrl.Parse("postgres://host/db?shcema=mine")));

    [Fact]
    public void Every_option_has_its_default()
    {
        var options = PostgresOptions.From(BrokerUrl.Parse("postgresql://host"));
        Assert.Equal(("celeriac", true, 8), (options.Schema, options.Migrates, options.Connections));
        Assert.Null(PostgresOptions.DatabaseOf(options.Url));
    }
}
