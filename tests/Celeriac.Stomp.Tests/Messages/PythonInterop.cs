using System.Globalization;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Messages;

/// <summary>A third party with python3-stomp, which knows nothing of us, at the other end of a queue.</summary>
public abstract class PythonInterop : StompTest
{
    private const string Prologue = """
        import json, queue, sys, stomp
        host, port, login, passcode, destination = sys.argv[1:6]
        rest = sys.argv[6:]
        frames = queue.Queue()
        class Listener(stomp.ConnectionListener):
            def on_message(self, frame): frames.put(frame)
            def on_error(self, frame): frames.put(frame)
        def connect(**options):
            connection = stomp.Connection12([(host, int(port))], vhost="/", **options)
            connection.set_listener("", Listener())
            connection.connect(login, passcode, wait=True)
            return connection

        """;

    private const string Reader = Prologue + """
        connection = connect()
        connection.subscribe(destination, id="1", ack="client-individual")
        frame = frames.get(timeout=15)
        headers = dict(frame.headers)
        text = headers.get("celery-headers")
        if text is None:
            text, part = "", 1
            while f"celery-headers-{part}" in headers:
                text, part = text + headers[f"celery-headers-{part}"], part + 1
        if "reply-to" in headers:
            connection.send(headers["reply-to"], "an answer", headers={"correlation-id": headers.get("correlation-id", "")})
        connection.ack(headers["ack"], receipt="done")
        connection.disconnect()
        print(json.dumps({"body": frame.body, "headers": headers, "celery": json.loads(text) if text else None}))
        """;

    private const string Writer = Prologue + """
        said = json.loads(rest[0])
        connection = connect(auto_content_length=said["length"])
        class Receipts(stomp.ConnectionListener):
            def on_receipt(self, frame): frames.put(frame)
            def on_error(self, frame): frames.put(frame)
        connection.set_listener("receipts", Receipts())
        for message in said["messages"]:
            connection.send(destination, message["body"], headers=dict(message["headers"], receipt="r"))
            frame = frames.get(timeout=15)
            assert frame.cmd == "RECEIPT", frame
        connection.disconnect()
        """;

    private ITransport? _transport;

    protected ITransport Transport => _transport!;

    protected abstract Task<string> UrlAsync();

    /// <summary>How a third party writes a queue.</summary>
    protected abstract string DestinationOf(string queue);

    public override async ValueTask InitializeAsync() => _transport = Open(await UrlAsync());

    [Fact(Timeout = Limit)]
    public async Task It_reads_body_content_type_and_correlation_id_of_what_we_send()
    {
        var queue = await DeclareAsync(Transport);
        await SendAsync(Transport, queue, Text("Grüße: 😀") with { CorrelationId = "task-1" });
        var read = await ReadAsync(queue);
        Assert.Equal("Grüße: 😀", read.GetProperty("body").GetString());
        Assert.Equal("text/plain", read.GetProperty("headers").GetProperty("content-type").GetString());
        Assert.Equal("task-1", read.GetProperty("headers").GetProperty("correlation-id").GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task It_reads_our_headers_as_json_with_their_types()
    {
        var queue = await DeclareAsync(Transport);
        await SendAsync(Transport, queue, WithHeaders("x", new("retries", 3), new("eta", HeaderValue.Null), new("name", "žluť: \"quoted\"\n"), new("late", true), new("share", 0.5)));
        var celery = (await ReadAsync(queue)).GetProperty("celery");
        Assert.Equal(3, celery.GetProperty("retries").GetInt32());
        Assert.Equal(JsonValueKind.Null, celery.GetProperty("eta").ValueKind);
        Assert.Equal("žluť: \"quoted\"\n", celery.GetProperty("name").GetString());
        Assert.True(celery.GetProperty("late").GetBoolean());
        Assert.Equal(0.5, celery.GetProperty("share").GetDouble());
    }

    [Fact(Timeout = Limit)]
    public async Task It_joins_headers_that_are_split()
    {
        var queue = await DeclareAsync(Transport);
        var text = string.Concat(Enumerable.Range(0, 4000).Select(number => number.ToString(CultureInfo.InvariantCulture) + ":\\"));
        await SendAsync(Transport, queue, WithHeader("x", "long", text));
        var read = await ReadAsync(queue);
        Assert.False(read.GetProperty("headers").TryGetProperty("celery-headers", out _));
        Assert.Equal(text, read.GetProperty("celery").GetProperty("long").GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task It_answers_to_the_reply_queue()
    {
        var (queue, replies) = (await DeclareAsync(Transport), await DeclareAsync(Transport, "replies"));
        await SendAsync(Transport, queue, Text("a question") with { ReplyTo = replies, CorrelationId = "q1" });
        await ReadAsync(queue);
        await using var subscription = await SubscribeAsync(Transport, replies);
        var answer = await ReceiveAsync(subscription);
        Assert.Equal(("an answer", "q1"), (TextOf(answer), answer.Message.CorrelationId));
        await answer.AckAsync(Cancelled);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_own_headers_are_text_headers_with_and_without_a_content_length(bool length)
    {
        var queue = await DeclareAsync(Transport);
        await WriteAsync(queue, length, ("a text", new() { ["color"] = "blue: \\ sky", ["count"] = "3", ["content-type"] = "text/plain", ["correlation-id"] = "c1", ["persistent"] = "true" }));
        var delivery = await TakeAsync(Transport, queue);
        Assert.Equal("a text", TextOf(delivery));
        Assert.Equal("blue: \\ sky", delivery.Message.Headers.TextOf("color"));
        Assert.Equal("3", delivery.Message.Headers.TextOf("count"));
        Assert.Equal(2, delivery.Message.Headers.Count);
        Assert.Equal(("text/plain", "c1"), (delivery.Message.ContentType, delivery.Message.CorrelationId));
        Assert.Equal(queue, delivery.RoutingKey);
    }

    [Fact(Timeout = Limit)]
    public async Task Its_celery_headers_are_typed()
    {
        var queue = await DeclareAsync(Transport);
        await WriteAsync(queue, true, ("x", new() { ["celery-headers"] = """{"retries": 2, "task": "t", "group": null, "share": 1.0, "list": [1, "a"]}""", ["other"] = "text" }));
        var headers = (await TakeAsync(Transport, queue)).Message.Headers;
        Assert.Equal(2, headers["retries"].AsLong());
        Assert.Equal("t", headers.TextOf("task"));
        Assert.True(headers.Contains("group") && headers["group"].IsNull);
        Assert.Equal(1.0, headers["share"].AsDouble());
        Assert.Equal([HeaderValue.From(1L), HeaderValue.From("a")], headers["list"].AsList());
    }

    [Theory(Timeout = Limit)]
    [InlineData("{not json")]
    [InlineData("[1, 2]")]
    [InlineData("")]
    [InlineData("""{"a": {"__type__": "base64", "__value__": "?"}}""")]
    [InlineData("""{"a": "\ud800"}""")]
    public async Task Celery_headers_that_cannot_be_read_stay_text_and_harm_nothing(string json)
    {
        var queue = await DeclareAsync(Transport);
        await WriteAsync(queue, true, ("bad", new() { ["celery-headers"] = json, ["color"] = "blue" }), ("good", new()));
        await using var subscription = await SubscribeAsync(Transport, queue);
        var bad = await ReceiveAsync(subscription);
        Assert.Equal(("bad", "blue"), (TextOf(bad), bad.Message.Headers.TextOf("color")));
        Assert.Equal(json, bad.Message.Headers.TextOf("celery-headers"));
        Assert.Equal("good", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task Its_reply_queue_is_one_that_we_can_publish_to()
    {
        var (queue, replies) = (await DeclareAsync(Transport), await DeclareAsync(Transport, "replies/%é"));
        await WriteAsync(queue, true, ("x", new() { ["reply-to"] = DestinationOf(replies) }));
        var delivery = await TakeAsync(Transport, queue);
        Assert.Equal(replies, delivery.Message.ReplyTo);
        await SendAsync(Transport, delivery.Message.ReplyTo!, "an answer");
        Assert.Equal("an answer", TextOf(await TakeAsync(Transport, replies)));
    }

    [Fact(Timeout = Limit)]
    public async Task Its_priority_counts()
    {
        var queue = await DeclareAsync(Transport, shape: queue => queue with { MaxPriority = 9 });
        await WriteAsync(queue, true, ("low", new() { ["priority"] = "1" }), ("high", new() { ["priority"] = "8" }));
        var first = await TakeAsync(Transport, queue);
        Assert.Equal(("high", (byte?)8), (TextOf(first), first.Message.Priority));
        Assert.Equal("low", TextOf(await TakeAsync(Transport, queue)));
    }

    private async Task<JsonElement> ReadAsync(string queue) => JsonDocument.Parse(await PythonAsync(Reader, await ArgumentsAsync(queue))).RootElement;

    private async Task WriteAsync(string queue, bool length, params (string Body, Dictionary<string, string> Headers)[] messages)
    {
        var said = JsonSerializer.Serialize(new { length, messages = messages.Select(message => new { body = message.Body, headers = message.Headers }) });
        await PythonAsync(Writer, [.. await ArgumentsAsync(queue), said]);
    }

    private async Task<string[]> ArgumentsAsync(string queue)
    {
        var url = BrokerUrl.Parse(await UrlAsync());
        return [url.Host, $"{url.Port}", url.User ?? "guest", url.Password ?? "guest", DestinationOf(queue)];
    }
}

/// <summary>On ActiveMQ.</summary>
public sealed class ActiveMqPythonInteropTests : PythonInterop
{
    protected override async Task<string> UrlAsync() => (await ActiveMqAsync()).StompUrl;

    protected override string DestinationOf(string queue) => "/queue/" + queue.Replace("%", "%25", StringComparison.Ordinal);
}

/// <summary>On RabbitMQ.</summary>
public sealed class RabbitMqPythonInteropTests : PythonInterop
{
    protected override async Task<string> UrlAsync() => (await RabbitMqAsync()).StompUrl;

    protected override string DestinationOf(string queue) => "/amq/queue/" + queue.Replace("/", "%2F", StringComparison.Ordinal);
}
