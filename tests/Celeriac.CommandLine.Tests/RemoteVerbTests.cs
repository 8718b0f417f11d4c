using System.Text.Json;
using System.Text.Json.Nodes;

namespace Celeriac.CommandLine.Tests;

public sealed class RemoteVerbTests
{
    [Fact]
    public async Task Inspect_ping_reads_as_Celerys_does()
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        var run = await place.RunAsync("inspect", "ping", "-d", place.Node, "-t", "30");
        Assert.Equal((0, "", "->  w1@test: OK\n        pong\n\n1 node online.\n"), (run.Code, run.Error, run.Output.ReplaceLineEndings("\n")));
    }

    [Fact]
    public async Task Inspect_lists_and_objects()
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        Assert.Contains("    * math.add\n", (await place.RunAsync("inspect", "registered", "-d", place.Node, "-t", "30")).Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("    * math.add [max_retries=3]", (await place.RunAsync("inspect", "registered", "max_retries", "-d", place.Node, "-t", "30")).Output, StringComparison.Ordinal);
        Assert.Contains("    - empty -", (await place.RunAsync("inspect", "active", "-d", place.Node, "-t", "30")).Output, StringComparison.Ordinal);
        Assert.Contains("\"prefetch_count\":", (await place.RunAsync("inspect", "stats", "-d", place.Node, "-t", "30")).Output, StringComparison.Ordinal);
        Assert.Contains("\"task_acks_late\": true", (await place.RunAsync("inspect", "conf", "yes", "-d", place.Node, "-t", "30")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_as_JSON_is_a_map_of_nodes()
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        using var answer = JsonDocument.Parse((await place.RunAsync("inspect", "query_task", "a", "b", "-j", "-d", place.Node, "-t", "30")).Output);
        Assert.Equal("{}", answer.RootElement.GetProperty(place.Node).GetRawText());
    }

    [Theory]
    [InlineData("new rate limit set successfully", "rate_limit", "math.add", "10/m")]
    [InlineData("time limits set successfully", "time_limit", "math.add", "5", "10.5")]
    [InlineData("add consumer mail", "add_consumer", "mail")]
    [InlineData("no longer consuming from mail", "cancel_consumer", "mail")]
    [InlineData("pool will grow", "pool_grow", "2")]
    [InlineData("task events enabled", "enable_events")]
    public async Task Control_takes_its_arguments_in_Celerys_order(string answer, params string[] command)
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        var run = await place.RunAsync(["control", .. command, "-d", place.Node, "-t", "30"]);
        Assert.Equal((0, "", $"->  w1@test: OK\n        {answer}\n"), (run.Code, run.Error, run.Output.ReplaceLineEndings("\n")));
    }

    [Theory]
    [InlineData("tasks a, b flagged as revoked", "revoke", "a", "b")]
    [InlineData("terminate: tasks unknown", "terminate", "KILL", "a")]
    [InlineData("headers ['tenant=acme'] flagged as revoked, but not terminated", "revoke_by_stamped_headers", "tenant=acme")]
    public async Task A_revocation_says_how_many_workers_answered(string answer, params string[] command)
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        var run = await place.RunAsync(["control", .. command, "-d", place.Node, "-t", "30"]);
        Assert.Equal((0, "", $"->  w1@test: OK\n        {answer}\n\n1 worker answered.\n"), (run.Code, run.Error, run.Output.ReplaceLineEndings("\n")));
    }

    [Fact]
    public async Task A_revocation_that_nobody_hears_is_kept_in_shared_state()
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("control", "revoke", "a", "-t", "0.1");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal("\n0 workers answered.\nIt is kept in shared state: workers that were away honour it when they come.\n", run.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task An_error_of_a_node_is_shown()
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        Assert.Equal("->  w1@test: ERROR\n        ValueError('Autoscale not enabled')\n", (await place.RunAsync("control", "autoscale", "3", "1", "-d", place.Node, "-t", "30")).Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task A_command_of_the_workers_own_takes_names_and_values()
    {
        await using var place = new Workplace();
        await place.WorkAsync(options => options.OwnControlCommands["warm_up"] = (context, _) => new(JsonNode.Parse(context.Arguments.GetRawText())));
        using var answer = JsonDocument.Parse((await place.RunAsync("control", "warm_up", "cache=users", "count=3", "-j", "-d", place.Node, "-t", "30")).Output);
        Assert.Equal("""{"cache":"users","count":3}""", answer.RootElement.GetProperty(place.Node).GetRawText().Replace(" ", "", StringComparison.Ordinal).ReplaceLineEndings(""));
    }

    [Theory]
    [InlineData("inspect", "ping")]
    [InlineData("control", "pool_grow")]
    public async Task Where_nobody_answers_the_exit_code_is_Celerys(string verb, string command)
    {
        await using var place = new Workplace();
        var run = await place.RunAsync(verb, command, "-t", "0.05");
        Assert.Equal((69, "", "Error: No nodes replied within time constraint"), (run.Code, run.Output, run.Error.Trim()));
    }

    [Theory]
    [InlineData("There is no command 'pingg'. Did you mean 'ping'?", "inspect", "pingg")]
    [InlineData("'revoke' is a command of 'control'. Run 'control revoke'.", "inspect", "revoke", "a")]
    [InlineData("Command 'ping' takes arguments: none.", "inspect", "ping", "a")]
    [InlineData("Argument 'n' of command 'pool_grow' is 'many', but must be a number.", "control", "pool_grow", "many")]
    [InlineData("Argument 'fast' of command 'warm_up' has no value. Write name=value.", "control", "warm_up", "fast")]
    public async Task What_makes_no_sense_is_refused_in_words(string fault, params string[] args)
    {
        await using var place = new Workplace();
        var run = await place.RunAsync(args);
        Assert.Equal((2, $"Error: {fault}"), (run.Code, run.Error.Trim()));
    }

    [Fact]
    public async Task Help_names_every_command()
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("control", "--help");
        Assert.Equal(0, run.Code);
        Assert.All(new[] { "rate_limit", "shutdown", "--destination", "--timeout", "--json" }, word => Assert.Contains(word, run.Output, StringComparison.Ordinal));
    }
}
