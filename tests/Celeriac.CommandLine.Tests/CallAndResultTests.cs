using System.Text.Json;

namespace Celeriac.CommandLine.Tests;

public sealed class CallAndResultTests
{
    [Fact]
    public async Task Call_prints_the_id_and_with_wait_the_result()
    {
        await using var place = new Workplace();
        place.Work();
        var run = await place.RunAsync("call", "math.add", "-a", "[2, 3]", "--wait", "30");
        Assert.Equal((0, ""), (run.Code, run.Error));
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.True(Guid.TryParse(lines[0], out _));
        Assert.Equal("5", lines[1]);
    }

    [Fact]
    public async Task Result_tells_how_far_a_task_is()
    {
        await using var place = new Workplace();
        await place.Client.Results.WriteAsync(
            new ResultRecord { TaskId = "id-1", Status = "PROGRESS", Result = System.Text.Encoding.UTF8.GetBytes("{\"current\": 30, \"total\": 120, \"description\": \"resizing\"}") },
            null, TestContext.Current.CancellationToken);
        var run = await place.RunAsync("result", "id-1");

        Assert.Equal((1, "Error: Task 'id-1' is PROGRESS: 30 of 120 (25 %), resizing. Use --wait to wait for its end."), (run.Code, run.Error.Trim()));
    }

    [Fact]
    public async Task Keyword_arguments_arrive()
    {
        await using var place = new Workplace();
        place.Work();
        var run = await place.RunAsync("call", "math.add", "-k", "{\"x\": 20, \"y\": 22}", "--wait=30");
        Assert.EndsWith("42", run.Output.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_option_of_a_call_travels()
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("call", "other.task", "--queue", "slow", "--priority", "7", "--expires", "3600");
        Assert.Equal(0, run.Code);
        var delivery = await place.Client.Transport.GetAsync("slow", TestContext.Current.CancellationToken);
        Assert.Equal(run.Output.Trim(), delivery!.Message.CorrelationId);
        Assert.Equal((byte)7, delivery.Message.Priority);
        Assert.Equal("other.task", delivery.Message.Headers.TextOf("task"));
        Assert.True(delivery.Message.Headers.Has("expires"));
        await delivery.AckAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("--countdown", "3600")]
    [InlineData("--eta", "2999-01-01T00:00:00Z")]
    public async Task A_call_for_later_waits_in_the_broker(string option, string value)
    {
        await using var place = new Workplace();
        Assert.Equal(0, (await place.RunAsync("call", "math.add", "-a", "[1,2]", option, value)).Code);
        var counts = await place.Client.Transport.CountAsync("celery", TestContext.Current.CancellationToken);
        Assert.Equal((0, 1L), (counts!.Ready, counts.Delayed));
    }

    [Fact]
    public async Task A_task_that_fails_is_exit_code_1_and_one_line()
    {
        await using var place = new Workplace();
        place.Work(Failing);
        var run = await place.RunAsync("call", "fails", "--wait", "30");
        Assert.Equal(1, run.Code);
        Assert.Matches("^Error: Task '.+' ended as FAILURE: .*no luck.*\\)\\s*$", run.Error);
    }

    [Fact]
    public async Task A_wait_that_ends_first_is_exit_code_1_and_one_line()
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("call", "math.add", "-a", "[2,3]", "--wait", "0.05");
        Assert.Equal(1, run.Code);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Contains("has not ended within 0.05 s", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_like_one_of_the_programs_tasks_is_sent_with_a_question()
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("call", "maht.add");
        Assert.Equal(0, run.Code);
        Assert.Contains("Did you mean 'math.add'?", run.Error, StringComparison.Ordinal);
        Assert.Empty((await place.RunAsync("call", "maht.add", "-q")).Error);
    }

    [Fact]
    public async Task Result_prints_what_the_task_returned()
    {
        await using var place = new Workplace();
        place.Work();
        var sent = await place.Client.SendAsync(new Signature("math.add").WithArgs(2, 3), TestContext.Current.CancellationToken);
        var run = await place.RunAsync("result", sent.Id, "--wait", "30", "-t", "math.add");
        Assert.Equal((0, "5", ""), (run.Code, run.Output.Trim(), run.Error));
    }

    [Fact]
    public async Task Result_as_JSON_has_the_whole_record()
    {
        await using var place = new Workplace();
        place.Work();
        var sent = await place.Client.SendAsync(new Signature("math.add").WithArgs(2, 3), TestContext.Current.CancellationToken);
        using var record = JsonDocument.Parse((await place.RunAsync("result", sent.Id, "--wait=30", "--json")).Output);
        Assert.Equal((sent.Id, "SUCCESS", 5), (record.RootElement.GetProperty("task_id").GetString(), record.RootElement.GetProperty("status").GetString(), record.RootElement.GetProperty("result").GetInt32()));
        Assert.NotNull(record.RootElement.GetProperty("date_done").GetString());
    }

    [Fact]
    public async Task A_failed_task_shows_its_traceback_on_request()
    {
        await using var place = new Workplace();
        place.Work(Failing);
        var sent = await place.Client.SendAsync(new Signature("fails"), TestContext.Current.CancellationToken);
        var brief = await place.RunAsync("result", sent.Id, "--wait=30");
        Assert.Equal(1, brief.Code);
        Assert.Single(brief.Error.Trim().Split('\n'));
        var full = await place.RunAsync("result", sent.Id, "--traceback");
        Assert.Equal(1, full.Code);
        Assert.Contains(nameof(CallAndResultTests), full.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_result_is_pending()
    {
        await using var place = new Workplace();
        var run = await place.RunAsync("result", "nobody-knows");
        Assert.Equal(1, run.Code);
        Assert.Contains("Task 'nobody-knows' is PENDING", run.Error, StringComparison.Ordinal);
        using var record = JsonDocument.Parse((await place.RunAsync("result", "nobody-knows", "-j")).Output);
        Assert.Equal("PENDING", record.RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_runtime_failure_is_exit_code_1_and_one_line()
    {
        var run = await CommandLineRun.Of(celeriac => celeriac.Broker(CommandLineRun.NewBroker()).ResultBackend("disabled://"), "", ["result", "some-id"]);
        Assert.Equal(1, run.Code);
        Assert.Single(run.Error.Trim().Split('\n'));
        Assert.Contains("result_backend is 'disabled://'", run.Error, StringComparison.Ordinal);
    }

    private static TaskDefinition Failing { get; } = new()
    {
        Name = "fails",
        Method = "Tests.Fails",
        Parameters = [],
        Options = new TaskOptions { MaxRetries = 0 },
        Invoker = _ => throw new InvalidOperationException("no luck"),
    };
}
