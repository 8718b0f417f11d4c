using System.Text;
using Celeriac.Protocol;

namespace Celeriac.Conformance;

// What is written and what is read.
public abstract partial class ResultStoreConformance<THarness>
{
    /// <summary>Celery's PENDING.</summary>
    [Fact(Timeout = Limit)]
    public async Task Nothing_is_known_of_a_task_before_its_first_state()
    {
        var task = await SendAsync();
        Assert.Null(await Caller.ReadAsync(task.Id, Cancelled));
    }

    /// <summary>What Celery stores, and what it adds with <c>result_extended</c>.</summary>
    [Fact(Timeout = Limit)]
    public async Task Every_member_of_a_record_comes_back()
    {
        var task = await SendAsync();
        var written = RecordOf(task, TaskStates.Success, """{"sum":[3,"ü€😀\u0000"]}""") with
        {
            Traceback = "Traceback (most recent call last):\n  …",
            Children = """[[["child",null],null]]"""u8.ToArray(),
            GroupId = "group",
            ParentId = "parent",
            Name = "math.add",
            Args = "[1,2]"u8.ToArray(),
            Kwargs = """{"y":3}"""u8.ToArray(),
            Worker = "celeriac@host",
            Retries = 2,
            Queue = "celery",
            StampedHeaders = ["customer"],
            Stamps = """{"customer":"acme"}"""u8.ToArray(),
        };
        await WriteAsync(task, written);
        var read = await WaitAsync(task);
        Assert.Equal(Text(written), Text(read));

        static string Text(ResultRecord record) => Encoding.UTF8.GetString(ResultCodec.Encode(record).Span);
    }

    /// <summary>A megabyte.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_large_result_comes_back_whole()
    {
        var task = await SendAsync();
        var large = $"\"{new string('ü', 1 << 19)}\"";
        await WriteAsync(task, TaskStates.Success, large);
        Assert.Equal(large, ResultOf(await WaitAsync(task)));
    }

    /// <summary>The life of a task, with a state of its own.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_later_state_replaces_an_earlier_one()
    {
        var task = await SendAsync();
        foreach (var status in new[] { TaskStates.Started, "PROGRESS", TaskStates.Retry, TaskStates.Started, TaskStates.Success })
        {
            await WriteAsync(task, status, status == "PROGRESS" ? """{"done":1}""" : "null");
            await ReadsAsync(task, status);
        }
    }

    /// <summary>A task that runs twice does not take its success back.</summary>
    [Theory(Timeout = Limit)]
    [InlineData(TaskStates.Started)]
    [InlineData(TaskStates.Retry)]
    [InlineData(TaskStates.Failure)]
    [InlineData(TaskStates.Revoked)]
    [InlineData(TaskStates.Success)]
    public async Task A_success_is_final(string later)
    {
        var task = await SendAsync();
        await WriteAsync(task, TaskStates.Success, "1");
        await WaitAsync(task);
        await WriteAsync(task, later, later == TaskStates.Success ? "2" : "null");
        await WriteAsync(task, "PROGRESS");

        var record = Assert.IsType<ResultRecord>(await Caller.ReadAsync(task.Id, Cancelled));
        Assert.Equal((TaskStates.Success, "1"), (record.Status, ResultOf(record)));
    }

    /// <summary>A failure is not: the task may have been delivered again.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_success_replaces_a_failure_where_results_are_kept()
    {
        var task = await SendAsync();
        await WriteAsync(task, TaskStates.Failure);
        await ReadsAsync(task, TaskStates.Failure);
        await WriteAsync(task, TaskStates.Success, "1");
        Assert.Equal(Harness.KeepsResults ? TaskStates.Success : TaskStates.Failure, (await WaitAsync(task)).Status);
    }

    /// <summary>Two workers that got the same task.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_success_survives_failures_that_are_written_at_the_same_time()
    {
        if (!Harness.KeepsResults)
        {
            return;
        }
        var other = Harness.Open();
        for (var round = 0; round < 20; round++)
        {
            var task = await SendAsync();
            var failures = Enumerable.Range(0, 5).Select(_ => other.WriteAsync(RecordOf(task, TaskStates.Failure), task.ReplyTo, Cancelled).AsTask());
            await Task.WhenAll(failures.Append(WriteAsync(task, TaskStates.Success, "1")));
            Assert.Equal(TaskStates.Success, (await Caller.ReadAsync(task.Id, Cancelled))?.Status);
        }
    }

    /// <summary>Celery's <c>forget</c>.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_result_that_is_forgotten_is_not_read_any_more()
    {
        var task = await SendAsync();
        await WriteAsync(task, TaskStates.Success, "1");
        await WaitAsync(task);
        await Caller.ForgetAsync(task.Id, Cancelled);
        Assert.Null(await Caller.ReadAsync(task.Id, Cancelled));
        Assert.True(!Harness.KeepsResults || await Worker.ReadAsync(task.Id, Cancelled) is null);
        await Caller.ForgetAsync(task.Id, Cancelled);
    }

    /// <summary>Celery's <c>GroupResult.save</c>, <c>restore</c> and <c>delete</c>.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_group_is_saved_for_other_clients_replaced_and_deleted()
    {
        Assert.Equal(Harness.KeepsGroups, Caller.Groups is not null);
        if (Caller.Groups is not { } groups)
        {
            return;
        }
        var id = Guid.NewGuid().ToString();
        Assert.True((await groups.ReadAsync(id, Cancelled)).IsEmpty);
        foreach (var saved in new[] { """{"result":[["g",null],[]]}""", """{"result":[["g",null],[[["ü",null],null]]]}""" })
        {
            await groups.WriteAsync(id, Encoding.UTF8.GetBytes(saved), Cancelled);
            Assert.Equal(saved, Encoding.UTF8.GetString((await Worker.Groups!.ReadAsync(id, Cancelled)).Span));
        }
        // A task of the same id is another thing.
        Assert.Null(await Caller.ReadAsync(id, Cancelled));
        await groups.DeleteAsync(id, Cancelled);
        Assert.True((await Worker.Groups!.ReadAsync(id, Cancelled)).IsEmpty);
    }

    /// <summary>Celery's <c>result_expires</c>.</summary>
    [Fact(Timeout = Limit)]
    public async Task A_result_expires()
    {
        if (!Harness.KeepsResults)
        {
            return;
        }
        var task = await SendAsync();
        var brief = Harness.Open(TimeSpan.FromSeconds(1));
        await brief.WriteAsync(RecordOf(task, TaskStates.Success, "1"), task.ReplyTo, Cancelled);
        await ReadsAsync(task, TaskStates.Success);
        await EventuallyAsync(async () => await Caller.ReadAsync(task.Id, Cancelled) is null, "the result has expired");
    }
}
