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
        Assert.Matches($@"{id}\W+no\.such\W+UnknownTask\W+\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ\W+celery", run.Output);
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
        Assert.DoesNotContain(delivery.Message.Headers, header => header.Key.StartsWith("x-celeriac-quarantine", StringComparison.Ordinal));
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
        Assert.Equal("Deleted 2 messages.", (await place.RunAsync("quarantine", "delete", "--all")).Output.Trim());
        Assert.Equal(0, await place.ReadyAsync("celery.quarantine"));
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
