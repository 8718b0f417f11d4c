using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Control;

public sealed class AddressTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("w*", "glob", true)]
    [InlineData("*@test", "glob", true)]
    [InlineData("w?@test", "glob", true)]
    [InlineData("w[0-5]@test", "glob", true)]
    [InlineData("w[!0-5]@test", "glob", false)]
    [InlineData("w", "glob", false)]
    [InlineData("W1@test", "glob", false)]
    [InlineData("w[", "glob", false)]
    [InlineData("w.@test", "glob", false)]
    [InlineData(@"w\d@", "pcre", true)]
    [InlineData("1@test", "pcre", false)]
    [InlineData("^w1@test$", "pcre", true)]
    public void A_pattern_names_the_nodes_that_Python_would_name(string pattern, string matcher, bool isMeant) =>
        Assert.Equal(isMeant, new ControlAddress(null, pattern, matcher).Means("w1@test"));

    [Fact]
    public void An_expression_that_takes_for_ever_is_given_up() =>
        Assert.Throws<RegexMatchTimeoutException>(() => new ControlAddress(null, "(a+)+$", "pcre").Means(new string('a', 60) + "!"));

    [Fact(Timeout = 180_000)]
    public async Task Only_the_nodes_that_are_named_answer()
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync("w1@test");
        await fleet.StartAsync("w2@test");
        var all = await fleet.Client.Control.PingAsync(new ControlOptions { Limit = 2, Timeout = TimeSpan.FromSeconds(30) }, Cancelled);
        Assert.Equal(["w1@test", "w2@test"], all.Select(reply => reply.Node).Order());
        Assert.Equal("w2@test", (await fleet.AskAsync("ping", node: "w2@test")).Node);
        var matched = await fleet.Client.Control.PingAsync(new ControlOptions { Pattern = "*2@*", Limit = 1, Timeout = TimeSpan.FromSeconds(30) }, Cancelled);
        Assert.Equal("w2@test", Assert.Single(matched).Node);
    }

    [Fact(Timeout = 180_000)]
    public async Task Nobody_answers_within_the_timeout_where_nobody_is()
    {
        await using var fleet = new Fleet();
        Assert.Empty(await fleet.Client.Control.PingAsync(new ControlOptions { Timeout = TimeSpan.FromMilliseconds(50) }, Cancelled));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"method":17}""")]
    [InlineData("""{"method":"ping","arguments":[1],"destination":{"a":1},"reply_to":"x"}""")]
    [InlineData("""{"method":"ping","pattern":"(((","matcher":"pcre"}""")]
    [InlineData("""{"method":"ping","pattern":"*","matcher":"magic"}""")]
    [InlineData("""{"method":"ping","reply_to":{"exchange":"","routing_key":"no.such.queue"},"ticket":"t"}""")]
    [InlineData("""{"method":"revoke","arguments":{"task_id":{"a":1}}}""")]
    [InlineData("""{"method":"pool_grow","arguments":{"n":1e300}}""")]
    [InlineData("""{"method":"time_limit","arguments":{"task_name":"test.held","hard":-1}}""")]
    public async Task Whatever_comes_the_node_listens_on(string body)
    {
        await using var fleet = new Fleet();
        await fleet.StartAsync();
        await fleet.Client.Transport.PublishAsync(new Publication(new Message { Body = Encoding.UTF8.GetBytes(body), ContentType = "application/json", ContentEncoding = "utf-8" }, Pidbox.Exchange, ""), Cancelled);
        Assert.Equal("pong", (await fleet.AskAsync("ping")).Ok);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_command_whose_time_has_passed_is_not_obeyed()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync();
        var late = ControlCodec.Encode("revoke", new JsonObject { ["task_id"] = "late" }, new ControlAddress(null, null, null), null, clock: 700, expires: 1.5);
        await fleet.Client.Transport.PublishAsync(late, Cancelled);
        await fleet.AskAsync("ping");
        Assert.Empty(worker.State.Revocations.Ids);
        Assert.True((await fleet.AskAsync("clock")).Value.GetProperty("clock").GetInt64() > 700);
    }
}
