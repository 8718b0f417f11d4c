using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.CommandLine.Tests;

public sealed class QuarantineVerbTests
{
    [Fact]
    public async Task List_shows_id_task_reason_time_and_queue_and_leaves_the_messages()
    {
        await using var place = new Workplace();
        place.Work();
        var id = await place.QuarantineAsync();
        var run = await place.RunAsync("quarantine", "list");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Matches($@"{id}\W+no\.such\W+UnknownTask\W+\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ\W+1\W+celery", run.Output);
        Assert.Equal(1, await place.ReadyAsync("celery.quarantine"));
    }

    [Fact]
    public async Task List_as_JSON_has_the_reason_as_a_sentence()
    {
        await using var place = new Workplace();
        place.Work();
        var id = await place.QuarantineAsync();
        using var list = JsonDocument.Parse((await place.RunAsync("quarantine", "list", "--json", "-Q", "celery")).Output);
        var message = Assert.Single(list.RootElement.EnumerateArray());
        Assert.Equal((id, "no.such", "UnknownTask", "celery"), (message.GetProperty("task_id").GetString(), message.GetProperty("task").GetString(), message.GetProperty("reason").GetString(), message.GetProperty("queue").GetString()));
        Assert.Contains("is not registered", message.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_quarantine_says_so()
    {
        await using var place = new Workplace();
        Assert.Equal("The quarantine is empty.", (await place.RunAsync("quarantine", "list")).Output.Trim());
        Assert.Equal("[]", (await place.RunAsync("quarantine", "list", "-j")).Output.Trim());
    }

    [Fact]
    public async Task Show_has_the_headers_and_the_body()
    {
        await using var place = new Workplace();
        place.Work();
        var id = await place.QuarantineAsync();
        var run = await place.RunAsync("quarantine", "show", id);
        Assert.Equal(0, run.Code);
        Assert.Contains("reason:   UnknownTask: Task 'no.such' is not registered", run.Output, StringComparison.Ordinal);
        Assert.Contains("  lang: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("[[], {}, ", run.Output.Replace("[[],{},", "[[], {}, ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("x-celeriac-quarantine", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_without_an_id_is_found_by_its_fingerprint_and_cannot_write_to_the_terminal()
    {
        await using var place = new Workplace();
        place.Work();
        await place.QuarantineAsync();
        await place.Client.Transport.PublishAsync(Publication.ToQueue("celery", new Message { Body = "\u001b[2Jno task"u8.ToArray(), ContentType = "text/plain" }), TestContext.Current.CancellationToken);
        // One queue, one loop: when the later task has ended, the message before it was dealt with.
        await place.QuarantineAsync();
        using var list = JsonDocument.Parse((await place.RunAsync("quarantine", "list", "-j")).Output);
        var id = Assert.Single(list.RootElement.EnumerateArray(), message => message.GetProperty("task_id").GetString() is null).GetProperty("id").GetString()!;
        Assert.StartsWith("message-", id, StringComparison.Ordinal);
        var run = await place.RunAsync("quarantine", "show", id);
        Assert.Contains("·[2Jno task", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Equal(0, (await place.RunAsync("quarantine", "delete", id)).Code);
        Assert.Equal(2, await place.ReadyAsync("celery.quarantine"));
    }

    [Fact]
    public async Task Retry_sends_one_message_to_its_queue_again_as_it_was()
    {
        await using var place = new Workplace();
        place.Work();
        var id = await place.QuarantineAsync();
        await place.QuarantineAsync("no.other");
        await place.StopWorkingAsync();
        var run = await place.RunAsync("quarantine", "retry", id);
        Assert.Equal((0, $"Retried {id}."), (run.Code, run.Output.Trim()));
        Assert.Equal((1L, 1L), (await place.ReadyAsync("celery"), await place.ReadyAsync("celery.quarantine")));
        var delivery = await place.Client.Transport.GetAsync("celery", TestContext.Current.CancellationToken);
        Assert.Equal("no.such", delivery!.Message.Headers.TextOf("task"));
        // How often, and since when, is all that stays on it.
        Assert.Equal(["x-celeriac-quarantine-count", "x-celeriac-quarantine-first-time"], delivery.Message.Headers.Select(header => header.Key).Where(name => name.StartsWith("x-celeriac-quarantine", StringComparison.Ordinal)).Order());
        await delivery.AckAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Retry_all_sends_every_message_to_its_queue_again()
    {
        await using var place = new Workplace();
        place.Work();
        await place.QuarantineAsync();
        await place.QuarantineAsync();
        await place.StopWorkingAsync();
        Assert.Equal("Retried 2 messages.", (await place.RunAsync("quarantine", "retry", "--all")).Output.Trim());
        Assert.Equal((2L, 0L), (await place.ReadyAsync("celery"), await place.ReadyAsync("celery.quarantine")));
    }

    [Fact]
    public async Task Delete_removes_one_or_all()
    {
        await using var place = new Workplace();
        place.Work();
        var id = await place.QuarantineAsync();
        await place.QuarantineAsync();
        await place.QuarantineAsync();
        Assert.Equal($"Deleted {id}.", (await place.RunAsync("quarantine", "delete", id)).Output.Trim());
        Assert.Equal(2, await place.ReadyAsync("celery.quarantine"));
        Assert.Equal("Deleted 2 messages.", (await place.RunAsync("quarantine", "delete", "--all", "--yes")).Output.Trim());
        Assert.Equal(0, await place.ReadyAsync("celery.quarantine"));
    }

    [Fact]
    public async Task Delete_all_asks_first_and_does_nothing_without_a_yes()
    {
        await using var place = new Workplace();
        place.Work();
        await place.QuarantineAsync();
        var no = await place.AnswerAsync("no\n", "quarantine", "delete", "--all");
        Assert.Equal(1, no.Code);
        Assert.Contains("This deletes every message in celery.quarantine. There is no undo.", no.Output, StringComparison.Ordinal);
        Assert.Equal("Error: Nothing was deleted: the answer was not 'yes'. Use --yes to delete without being asked.", no.Error.Trim());
        Assert.Equal(1, await place.ReadyAsync("celery.quarantine"));
        Assert.EndsWith("Deleted 1 message.", (await place.AnswerAsync("yes\n", "quarantine", "delete", "--reason", "unknowntask")).Output.Trim(), StringComparison.Ordinal);
        Assert.Equal(0, await place.ReadyAsync("celery.quarantine"));
    }

    [Theory]
    [InlineData("--task mail.*", 2)]
    [InlineData("--task mail.send", 1)]
    [InlineData("--reason UnknownTask", 3)]
    [InlineData("--reason Rejected", 0)]
    [InlineData("--contains no.such", 1)]
    [InlineData("--since 1h", 3)]
    [InlineData("--until 1h", 0)]
    [InlineData("--until 2100-01-01 --limit 2", 2)]
    [InlineData("--node celeriac@*", 3)]
    [InlineData("--node celery@*", 0)]
    public async Task A_filter_chooses_what_is_listed_shown_dry_and_retried(string options, int count)
    {
        await using var place = new Workplace();
        place.Work();
        await place.QuarantineAsync("mail.send");
        await place.QuarantineAsync();
        await place.QuarantineAsync("mail.read");
        await place.StopWorkingAsync();
        var words = options.Split(' ');
        var plural = count == 1 ? "" : "s";
        using var list = JsonDocument.Parse((await place.RunAsync(["quarantine", "list", "--json", .. words])).Output);
        Assert.Equal(count, list.RootElement.GetArrayLength());
        Assert.EndsWith($"{count} message{plural} would be retried.", (await place.RunAsync(["quarantine", "retry", "--dry-run", .. words])).Output.Trim(), StringComparison.Ordinal);
        Assert.Equal(3, await place.ReadyAsync("celery.quarantine"));
        Assert.Equal($"Retried {count} message{plural}.", (await place.RunAsync(["quarantine", "retry", .. words])).Output.Trim());
        Assert.Equal((count, 3L - count), (await place.ReadyAsync("celery"), await place.ReadyAsync("celery.quarantine")));
    }

    [Fact]
    public async Task Delete_takes_the_first_so_many_and_several_ids()
    {
        await using var place = new Workplace();
        place.Work();
        string[] ids = [await place.QuarantineAsync(), await place.QuarantineAsync(), await place.QuarantineAsync(), await place.QuarantineAsync()];
        Assert.EndsWith("1 message would be deleted.", (await place.RunAsync("quarantine", "delete", "--limit", "1", "--dry-run")).Output.Trim(), StringComparison.Ordinal);
        Assert.Equal("Deleted 1 message.", (await place.RunAsync("quarantine", "delete", "--limit", "1", "-y")).Output.Trim());
        Assert.Equal(1, (await place.RunAsync("quarantine", "show", ids[0])).Code);
        Assert.Equal("Deleted 2 messages.", (await place.RunAsync("quarantine", "delete", ids[1], ids[3])).Output.Trim());
        Assert.Equal(0, (await place.RunAsync("quarantine", "show", ids[2])).Code);
    }

    [Fact]
    public async Task Count_tells_queue_and_reason()
    {
        await using var place = new Workplace();
        Assert.Equal("The quarantine is empty.", (await place.RunAsync("quarantine", "count")).Output.Trim());
        place.Work();
        await place.QuarantineAsync();
        await place.QuarantineAsync();
        Assert.Matches(@"celery\W+UnknownTask\W+2", (await place.RunAsync("quarantine", "count")).Output);
        using var json = JsonDocument.Parse((await place.RunAsync("quarantine", "count", "-j")).Output);
        var queue = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal(("celery", 2, 2), (queue.GetProperty("queue").GetString(), queue.GetProperty("messages").GetInt32(), queue.GetProperty("reasons").GetProperty("UnknownTask").GetInt32()));
    }

    [Fact]
    public async Task What_has_expired_stays_and_is_told_until_it_may_be_ignored()
    {
        await using var place = new Workplace();
        var message = new Message { Body = "[[], {}, {}]"u8.ToArray(), ContentType = "application/json", Headers = new MessageHeaders([new("id", "late"), new("task", "no.such"), new("expires", "2001-01-01T00:00:00+00:00"), new("retries", 3)]) };
        await place.Client.Transport.DeclareAsync(Topology.Queue("celery.quarantine"), TestContext.Current.CancellationToken);
        await place.Client.Transport.PublishAsync(Publication.ToQueue("celery.quarantine", message), TestContext.Current.CancellationToken);
        var refused = await place.RunAsync("quarantine", "retry", "late");
        Assert.Equal((1, "Retried 0 messages."), (refused.Code, refused.Output.Trim()));
        Assert.Contains("1 message has expired and would be revoked at once, so it stays. Use --ignore-expires", refused.Error, StringComparison.Ordinal);
        Assert.Equal("Retried late.", (await place.RunAsync("quarantine", "retry", "late", "--ignore-expires", "--keep-retries")).Output.Trim());
        var sent = await place.Client.Transport.GetAsync("celery", TestContext.Current.CancellationToken);
        Assert.Equal((true, 3L), (sent!.Message.Headers["expires"].IsNull, sent.Message.Headers["retries"].AsLong()));
        await sent.AckAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("show")]
    [InlineData("retry")]
    [InlineData("delete")]
    public async Task An_id_that_is_not_there_is_exit_code_1(string verb)
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("quarantine", verb, "nobody");
        Assert.Equal(1, run.Code);
        Assert.Contains("There is no message 'nobody' in celery.quarantine.", run.Error, StringComparison.Ordinal);
    }
}
