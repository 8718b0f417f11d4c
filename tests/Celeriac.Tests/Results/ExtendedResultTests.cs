using System.Text;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Tests.Results;

/// <summary>What a worker writes of a task on its way, and what <c>result_extended</c> adds to it.</summary>
public sealed class ExtendedResultTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly string _queue = $"told-{Guid.NewGuid():N}";

    [Fact]
    public async Task Every_state_tells_name_arguments_worker_retries_and_routing_key()
    {
        var records = await RunAsync(isExtended: true, (client, queue) => client.SendAsync(new Signature("told.progress") { Args = """[1,"ü"]"""u8.ToArray(), Kwargs = """{"y":2}"""u8.ToArray() }).AsTask());

        Assert.Equal([TaskStates.Started, "PROGRESS", TaskStates.Success], records.Select(record => record.Status));
        Assert.All(records, record => Assert.Equal(
            ("told.progress", """[1,"ü"]""", """{"y":2}""", "told@test", 0, _queue),
            (record.Name, Text(record.Args), Text(record.Kwargs), record.Worker, record.Retries, record.Queue)));
    }

    [Fact]
    public async Task Without_the_option_nothing_is_added()
    {
        var records = await RunAsync(isExtended: false, (client, queue) => client.SendAsync(new Signature("told.progress")).AsTask());

        Assert.Equal(3, records.Count);
        Assert.All(records, record => Assert.Equal((null, true, true, null, null, null), (record.Name, record.Args.IsEmpty, record.Kwargs.IsEmpty, record.Worker, record.Retries, record.Queue)));
    }

    [Fact]
    public async Task Started_tells_process_and_node_and_a_state_of_the_tasks_own_its_meta()
    {
        var records = await RunAsync(isExtended: false, (client, queue) => client.SendAsync(new Signature("told.progress")).AsTask());

        Assert.Equal($$"""{"pid":{{Environment.ProcessId}},"hostname":"told@test"}""", Text(records[0].Result));
        Assert.Equal("""{"done":1}""", Text(records[1].Result));
        Assert.Equal(((DateTimeOffset?)null, null), (records[0].DateDone, records[1].DateDone));
        Assert.NotNull(records[2].DateDone);
    }

    [Fact]
    public async Task A_retry_tells_its_exception_and_how_many_came_before()
    {
        var records = await RunAsync(isExtended: true, (client, queue) => client.SendAsync(new Signature("told.retry")).AsTask());

        Assert.Equal([TaskStates.Started, TaskStates.Retry, TaskStates.Started, TaskStates.Success], records.Select(record => record.Status));
        Assert.Equal([0, 0, 1, 1], records.Select(record => record.Retries));
        var failure = ExceptionCodec.Decode(records[1].Result.Span, records[1].Traceback);
        Assert.Equal(("TimeoutError", "builtins"), (failure.Type, failure.Module));
    }

    [Fact]
    public async Task An_expired_task_is_revoked()
    {
        var records = await RunAsync(isExtended: true, (client, queue) =>
            client.SendAsync(new Signature("told.progress") { Options = new SendOptions { Expires = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1) } }).AsTask());

        var record = Assert.Single(records);
        Assert.Equal((TaskStates.Revoked, "told.progress"), (record.Status, record.Name));
        Assert.Equal("TaskRevokedError", ExceptionCodec.Decode(record.Result.Span, null).Type);
    }

    [Fact]
    public async Task Stamps_are_told()
    {
        var records = await RunAsync(isExtended: true, async (client, queue) =>
        {
            await client.Transport.DeclareAsync(Topology.Queue(queue));
            await client.Transport.PublishAsync(Publication.ToQueue(queue, Stamped()));
        });

        Assert.All(records, record => Assert.Equal("""{"customer":"acme","tags":["a",1,null]}""", Text(record.Stamps)));
        Assert.All(records, record => Assert.Equal(["customer", "tags"], record.StampedHeaders));
    }

    private static TaskDefinition Progress { get; } = new()
    {
        Name = "told.progress",
        Method = "Told.Progress",
        Parameters = [new("x", TaskParameterKind.Optional, "int"), new("name", TaskParameterKind.Optional, "string"), new("y", TaskParameterKind.Optional, "int")],
        Options = new TaskOptions { TrackStarted = true },
        Invoker = async invocation =>
        {
            await invocation.Context.UpdateStateAsync("PROGRESS", new Dictionary<string, int> { ["done"] = 1 });
            return TaskInvocation.Result(1);
        },
    };

    private static TaskDefinition Retry { get; } = new()
    {
        Name = "told.retry",
        Method = "Told.Retry",
        Parameters = [],
        Options = new TaskOptions { TrackStarted = true },
        Invoker = invocation => invocation.Context.Retries == 0
            ? throw invocation.Context.Retry(new TimeoutException("late"), countdown: TimeSpan.Zero)
            : ValueTask.FromResult(TaskInvocation.Result(1)),
    };

    private static Message Stamped() => new()
    {
        Body = "[[],{},{}]"u8.ToArray(),
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        Headers = new MessageHeaders(
        [
            new("task", "told.progress"), new("id", Guid.NewGuid().ToString()), new("lang", "py"),
            new("stamped_headers", HeaderValue.From([HeaderValue.From("customer"), HeaderValue.From("tags"), HeaderValue.From("status")])),
            new("stamps", HeaderValue.From(new MessageHeaders([new("customer", "acme"), new("tags", HeaderValue.From([HeaderValue.From("a"), HeaderValue.From(1), HeaderValue.Null])), new("status", "x")]))),
        ]),
    };

    private async Task<IReadOnlyList<ResultRecord>> RunAsync(bool isExtended, Func<TaskClient, string, Task> send)
    {
        var options = new CeleriacOptions { DefaultQueue = _queue, ResultExtended = isExtended };
        await using var recorder = new Recorder();
        await using var transport = Transports.Create($"memory://{_queue}");
        await using var client = new TaskClient(transport, recorder, options);
        using var stop = new CancellationTokenSource();
        var worker = new Worker(client, new TaskRegistry([Progress, Retry]), new WorkerOptions { NodeName = "told@test" }, options);
        var run = worker.RunAsync(stop.Token);
        await send(client, _queue);
        await recorder.Ended.WaitAsync(s_patience);
        await stop.CancelAsync();
        await run.WaitAsync(s_patience);
        return recorder.Records;
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    /// <summary>Remembers every record.</summary>
    private sealed class Recorder : IResultStore
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<ResultRecord> _records = [];

        public Task Ended => _ended.Task;
        public IReadOnlyList<ResultRecord> Records => _records;

        public ValueTask WriteAsync(ResultRecord record, string? replyTo, CancellationToken cancellationToken = default)
        {
            _records.Add(record);
            if (TaskStates.IsReady(record.Status))
            {
                _ended.TrySetResult();
            }
            return ValueTask.CompletedTask;
        }

        public ValueTask<string?> PrepareAsync(string taskId, CancellationToken cancellationToken = default) => new((string?)null);
        public ValueTask<ResultRecord?> ReadAsync(string taskId, CancellationToken cancellationToken = default) => new((ResultRecord?)null);
        public ValueTask<ResultRecord> WaitAsync(string taskId, CancellationToken cancellationToken = default) => throw new InvalidOperationException("Nobody waits here.");
        public ResultAttachment? Attach(ITransport transport, ResultRecord record, string? replyTo) => null;
        public ValueTask ForgetAsync(string taskId, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
