using System.Text.Json;

namespace Celeriac.CommandLine.Tests;

public sealed class StatusAndPurgeTests
{
    [Fact]
    public async Task Status_counts_what_is_in_the_queues_the_program_knows()
    {
        await using var place = new Workplace();
        await place.RunAsync("call", "math.add", "-q");
        await place.RunAsync("call", "math.add", "-q", "--countdown", "3600");
        var run = await place.RunAsync("status", "-t", "0.05");
        Assert.Equal((69, "Error: No nodes replied within time constraint"), (run.Code, run.Error.Trim()));
        Assert.Contains($"Broker {place.Broker} answers.", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"celery\W+1\W+0\W+1\W+0", run.Output);
        Assert.Matches(@"queue\W+ready\W+unacknowledged\W+delayed\W+consumers", run.Output);
    }

    [Fact]
    public async Task Status_as_JSON_has_every_number()
    {
        await using var place = new Workplace();
        await place.RunAsync("call", "math.add");
        using var status = JsonDocument.Parse((await place.RunAsync("status", "-j", "-t", "0.05", "-Q", "celery,other")).Output);
        Assert.Equal(place.Broker, status.RootElement.GetProperty("broker").GetString());
        var queues = status.RootElement.GetProperty("queues").EnumerateArray().ToList();
        Assert.Equal(("celery", true, 1, 0), (queues[0].GetProperty("name").GetString(), queues[0].GetProperty("exists").GetBoolean(), queues[0].GetProperty("ready").GetInt32(), queues[0].GetProperty("delayed").GetInt32()));
        Assert.Equal(("other", false, JsonValueKind.Null), (queues[1].GetProperty("name").GetString(), queues[1].GetProperty("exists").GetBoolean(), queues[1].GetProperty("ready").ValueKind));
    }

    [Fact]
    public async Task Status_shows_a_quarantine_that_exists()
    {
        await using var place = new Workplace();
        place.Work();
        await place.QuarantineAsync();
        Assert.Matches(@"celery\.quarantine\W+1\W", (await place.RunAsync("status")).Output);
    }

    [Fact]
    public async Task Status_names_the_workers_that_are_online()
    {
        await using var place = new Workplace();
        await place.WorkAsync();
        var run = await place.RunAsync("status", "-d", place.Node, "-t", "30");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains($"->  {place.Node}: OK{Environment.NewLine}{Environment.NewLine}1 node online.", run.Output, StringComparison.Ordinal);
        using var status = JsonDocument.Parse((await place.RunAsync("status", "-j", "-d", place.Node, "-t", "30")).Output);
        Assert.Equal("pong", status.RootElement.GetProperty("nodes").GetProperty(place.Node).GetProperty("ok").GetString());
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("Y")]
    public async Task Purge_deletes_after_a_yes_and_says_how_many(string answer)
    {
        await using var place = new Workplace();
        await place.RunAsync("call", "math.add");
        await place.RunAsync("call", "math.add");
        var run = await place.AnswerAsync(answer + "\n", "purge");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("Purged 2 messages from 1 queue: celery.", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await place.ReadyAsync("celery"));
    }

    [Theory]
    [InlineData("no\n")]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Purge_leaves_everything_without_a_yes(string answer)
    {
        await using var place = new Workplace();
        await place.RunAsync("call", "math.add");
        var run = await place.AnswerAsync(answer, "purge");
        Assert.Equal(1, run.Code);
        Assert.Contains("There is no undo.", run.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was purged", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, await place.ReadyAsync("celery"));
    }

    [Fact]
    public async Task Purge_by_force_touches_only_the_queues_named()
    {
        await using var place = new Workplace();
        foreach (var queue in new[] { "a", "b", "c" })
        {
            await place.RunAsync("call", "math.add", "--queue", queue);
        }
        var run = await place.RunAsync("purge", "-f", "-Q", "a,b,nobody", "-X", "b");
        Assert.Equal((0, "Purged 1 message from 2 queues: a, nobody."), (run.Code, run.Output.Trim()));
        Assert.Equal((0L, 1L, 1L), (await place.ReadyAsync("a"), await place.ReadyAsync("b"), await place.ReadyAsync("c")));
    }

    [Fact]
    public async Task Pause_and_resume_say_what_they_changed_and_pause_alone_shows_it()
    {
        await using var place = new Workplace();
        Assert.Equal("No queue is paused.\n", await OutputAsync("pause"));
        Assert.Equal("Queue mail is paused.\nQueue celery is paused.\n", await OutputAsync("pause", "mail", "celery"));
        Assert.Equal("Queue mail was paused already.\n", await OutputAsync("pause", "mail"));
        Assert.Equal("Paused: celery, mail.\n", await OutputAsync("pause"));
        Assert.Equal("Queue mail goes on.\n", await OutputAsync("resume", "mail"));
        Assert.Equal("Queue mail was not paused.\n", await OutputAsync("resume", "mail"));
        Assert.Equal(["celery"], await place.Client.Control.PausedAsync(TestContext.Current.CancellationToken));

        async Task<string> OutputAsync(params string[] args)
        {
            var run = await place.RunAsync(args);
            Assert.Equal((0, ""), (run.Code, run.Error));
            return run.Output.ReplaceLineEndings("\n");
        }
    }
}
