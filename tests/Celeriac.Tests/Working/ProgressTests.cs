using System.Text;
using Celeriac.Tests.Filters;
using static Celeriac.Tests.Filters.Stage;

namespace Celeriac.Tests.Working;

public sealed class ProgressTests
{
    [Fact]
    public void At_most_ten_a_second_pass_and_the_end_once_at_any_time()
    {
        var time = new Clock();
        var throttle = new ProgressThrottle();

        Assert.True(throttle.Passes(new(1, 10), time));
        Assert.False(throttle.Passes(new(2, 10), time));
        time.Milliseconds += 99;
        Assert.False(throttle.Passes(new(3, 10), time));
        time.Milliseconds += 1;
        Assert.True(throttle.Passes(new(4, 10), time));
        Assert.True(throttle.Passes(new(10, 10), time));
        Assert.False(throttle.Passes(new(10, 10), time));
        Assert.False(throttle.Passes(new(5, 0), time));
    }

    [Fact]
    public void What_does_not_pass_allocates_nothing()
    {
        var time = new Clock();
        var throttle = new ProgressThrottle();
        throttle.Passes(new(1, 1000), time);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 2; round < 100; round++)
        {
            throttle.Passes(new(round, 1000), time);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("{\"current\": 3, \"total\": 12}", 3, 12, null)]
    [InlineData("{\"current\": 3.5, \"total\": 12.0, \"description\": \"resizing\"}", 3, 12, "resizing")]
    [InlineData("{\"current\": 3, \"total\": null, \"status\": \"resizing\", \"other\": []}", 3, 0, "resizing")]
    public void What_Python_writes_is_read(string meta, long current, long total, string? description) =>
        Assert.Equal(new TaskProgress(current, total, description), TaskProgress.Read(Encoding.UTF8.GetBytes(meta)));

    [Theory]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("{\"done\": 3}")]
    [InlineData("{\"current\": \"3\"}")]
    [InlineData("{\"current\": 1e300}")]
    [InlineData("{")]
    public void Anything_else_in_that_state_is_no_progress(string meta) => Assert.Null(TaskProgress.Read(Encoding.UTF8.GetBytes(meta)));

    [Theory]
    [InlineData(30, 120, "resizing", "30 of 120 (25 %), resizing")]
    [InlineData(119, 120, null, "119 of 120 (99 %)")]
    [InlineData(7, 0, null, "7")]
    public void A_person_reads_it(long current, long total, string? description, string text) => Assert.Equal(text, new TaskProgress(current, total, description).ToString());

    [Fact]
    public async Task It_is_an_event_too_where_task_events_are_on()
    {
        var begin = new TaskCompletionSource();
        await using var stage = new Stage([Define("t", async run =>
        {
            await begin.Task;
            await run.Context.ReportProgressAsync(1, 4, "half");
            return TaskInvocation.Result(7);
        })], worker: options => options.SendTaskEvents = true);
        await stage.Worker.Ready.WaitAsync(Patience, Token);
        await using var receiver = stage.Client.Events.Receive("#");
        await receiver.StartAsync(Token);
        var sent = await stage.Client.SendAsync(new Signature<int>("t"), Token);
        begin.SetResult();
        await foreach (var news in receiver.WithCancellation(Token))
        {
            if (news.Type == "task-progress")
            {
                Assert.Equal((sent.Id, 1L), (news.TaskId, news.Fields["current"].GetInt64()));
                return;
            }
        }
    }

    [Fact]
    public async Task A_run_has_a_log_scope_with_its_task_its_ids_and_its_attempt()
    {
        IReadOnlyList<KeyValuePair<string, object>>? scope = null;
        Stage? stage = null;
        await using var opened = stage = new Stage([Define("t", run =>
        {
            scope = (IReadOnlyList<KeyValuePair<string, object>>?)stage!.Log.CurrentScope;
            return ValueTask.FromResult(TaskInvocation.Result(7));
        })]);
        var sent = await stage.Client.SendAsync(new Signature<int>("t") { Options = new() { RootId = "root-1" } }, Token);
        await sent.GetAsync(Patience, Token);

        Assert.Equal([new("TaskName", "t"), new("TaskId", sent.Id), new("RootId", "root-1"), new("Attempt", 0)], scope!);
    }

    private sealed class Clock : TimeProvider
    {
        public long Milliseconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Milliseconds;
    }
}
