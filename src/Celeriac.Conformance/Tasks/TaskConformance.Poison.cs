using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

public abstract partial class TaskConformance<THarness>
{
    /// <summary>What may stand on a queue, and what becomes of it.</summary>
    public static TheoryData<string, string> PoisonMessages { get; } = new()
    {
        { "malformed json", "MalformedBody" },
        { "empty body", "MalformedBody" },
        { "cut body", "MalformedBody" },
        { "two elements", "MalformedBody" },
        { "kwargs null", "MalformedBody" },
        { "deep nesting", "TooDeep" },
        { "oversized body", "TooLarge" },
        { "zip bomb", "TooLarge" },
        { "not compressed", "MalformedBody" },
        { "pickle", "ContentRefused" },
        { "unknown content type", "ContentRefused" },
        { "unknown task", "UnknownTask" },
        { "wrong arity", "WrongArguments" },
        { "unknown keyword", "WrongArguments" },
        { "wrong type", "WrongArguments" },
        { "header bomb", "MalformedHeaders" },
        { "retries of wrong type", "MalformedHeaders" },
        { "one time limit", "MalformedHeaders" },
        { "plain text", "NotATask" },
        { "no id", "NotATask" },
    };

    /// <summary>The worker goes on, nothing loops, and the caller is told where the id can be read.</summary>
    [Theory(Timeout = Limit)]
    [MemberData(nameof(PoisonMessages))]
    public async Task A_poison_message_ends_in_quarantine_with_its_reason_and_the_worker_goes_on(string poison, string reason)
    {
        await Harness.StartWorkerAsync();
        var message = Poison(poison);
        await Transport.PublishAsync(Publication.ToQueue(Harness.Queue, message));
        var quarantined = await QuarantinedAsync();

        Assert.Equal(reason, Reason(quarantined));
        Assert.Equal(message.Body.ToArray(), quarantined.Message.Body.ToArray());
        Assert.Equal(Harness.Queue, quarantined.Message.Headers.TextOf("x-celeriac-quarantine-queue"));
        if (Harness.ResultBackend != "rpc://" && reason != "NotATask" && poison != "header bomb")
        {
            Assert.Equal(TaskStates.Failure, (await Client.Result(message.Headers.TextOf("id")!).WaitAsync(Patience)).Status);
        }
        Assert.Equal(2, await (await Client.SendAsync(ConformanceTasks.AddTask.S(1, 1))).GetAsync(Patience));
        await NothingIsLeftAsync();
    }

    /// <summary>The caller of an unknown task is told which tasks there are.</summary>
    [Fact(Timeout = Limit)]
    public async Task An_unknown_task_fails_with_NotRegistered_and_a_suggestion()
    {
        await Harness.StartWorkerAsync();
        var sent = await Client.SendAsync(new Signature<int>("conformance.ad") { Options = new SendOptions { Queue = Harness.Queue } });
        var error = await FailureOf(sent);

        Assert.Equal("NotRegistered", error.RemoteType);
        Assert.Contains("Did you mean 'conformance.add'?", error.RemoteMessage, StringComparison.Ordinal);
    }

    /// <summary>Wrong arguments are worded as Python words them.</summary>
    [Fact(Timeout = Limit)]
    public async Task Wrong_arguments_fail_with_a_TypeError_that_names_the_parameters()
    {
        await Harness.StartWorkerAsync();
        var error = await FailureOf(await Client.SendAsync(new Signature<int>("conformance.add") { Kwargs = "{\"z\": 1}"u8.ToArray() }));

        Assert.Equal("TypeError", error.RemoteType);
        Assert.Contains("unexpected keyword argument 'z'", error.RemoteMessage, StringComparison.Ordinal);
    }

    private static Message Poison(string name) => name switch
    {
        "malformed json" => TaskMessage("[[1, 2], {}, {"),
        "empty body" => TaskMessage(""),
        "cut body" => TaskMessage("[[1, 2], {}"),
        "two elements" => TaskMessage("[[1, 2], {}]"),
        "kwargs null" => TaskMessage("[[1, 2], null, {}]"),
        "deep nesting" => TaskMessage($"[[{new string('[', 5000)}{new string(']', 5000)}], {{}}, {{}}]"),
        "oversized body" => TaskMessage($"[[\"{new string('x', 2 << 20)}\"], {{}}, {{}}]"),
        "zip bomb" => Compressed(new byte[64 << 20]),
        "not compressed" => With(TaskMessage("[[1, 2], {}, {}]"), "compression", "application/x-gzip"),
        "pickle" => TaskMessage("\u0080\u0005K\u0005.") with { ContentType = "application/x-python-serialize", ContentEncoding = "binary" },
        "unknown content type" => TaskMessage("[[1, 2], {}, {}]") with { ContentType = "application/x-riddle" },
        "unknown task" => With(TaskMessage("[[1, 2], {}, {}]"), "task", "nobody.knows"),
        "wrong arity" => TaskMessage("[[1, 2, 3], {}, {}]"),
        "unknown keyword" => TaskMessage("[[1], {\"z\": 3}, {}]"),
        "wrong type" => TaskMessage("[[1, {\"a\": 2}], {}, {}]"),
        "header bomb" => TaskMessage("[[1, 2], {}, {}]") with { Headers = new MessageHeaders(Enumerable.Range(0, 5000).Select(number => new KeyValuePair<string, HeaderValue>($"h{number}", number))) },
        "retries of wrong type" => With(TaskMessage("[[1, 2], {}, {}]"), "retries", "many"),
        "one time limit" => With(TaskMessage("[[1, 2], {}, {}]"), "timelimit", HeaderValue.From(new HeaderValue[] { 5 })),
        "plain text" => new Message { Body = "hello"u8.ToArray(), ContentType = "text/plain", ContentEncoding = "utf-8" },
        "no id" => TaskMessage("[[1, 2], {}, {}]") with { Headers = new MessageHeaders([new("task", "conformance.add")]) },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such poison."),
    };

    private static Message TaskMessage(string body) => new()
    {
        Body = Encoding.Latin1.GetBytes(body),
        ContentType = "application/json",
        ContentEncoding = "utf-8",
        CorrelationId = "unused",
        Headers = new MessageHeaders([new("task", "conformance.add"), new("id", Guid.NewGuid().ToString())]),
    };

    private static Message With(Message message, string header, HeaderValue value) => message with { Headers = message.Headers.With(header, value) };

    private static Message Compressed(byte[] body)
    {
        using var buffer = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(buffer, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(body);
        }
        return With(TaskMessage(""), "compression", "application/x-gzip") with { Body = buffer.ToArray() };
    }
}
