using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Messages;

/// <summary>A message's headers are the application's, whatever they are called and hold.</summary>
public abstract class HeaderFacts : StompTest
{
    protected abstract Task<ITransport> OpenAsync();

    public static TheoryData<string, string> Commands => new()
    {
        { "AMQ_SCHEDULED_CRON", "0 * * * *" },
        { "AMQ_SCHEDULED_DELAY", "3600000" },
        { "AMQ_SCHEDULED_REPEAT", "5" },
        { "expires", "" },
        { "expires", "1" },
        { "JMSXGroupID", "one" },
        { "JMSXGroupSeq", "x" },
        { "priority", "no number" },
        { "destination", "/queue/elsewhere" },
        { "receipt", "r1" },
        { "transaction", "t1" },
        { "content-length", "1" },
        { "persistent", "false" },
        { "transformation", "jms-xml" },
        { "type", "a\r\nb\0c" },
        { "name:with\ncolon", "a\nb\r\nc\rd:e\\f" },
        { "celery-headers", "{}" },
    };

    [Theory(Timeout = StompTest.Limit)]
    [MemberData(nameof(Commands))]
    public async Task A_header_that_a_broker_would_obey_is_a_header_like_any_other(string name, string value)
    {
        var transport = await OpenAsync();
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, WithHeaders("first", new(name, value), new("number", 7)));
        await SendAsync(transport, queue, "second");
        var first = await TakeAsync(transport, queue);
        Assert.Equal("first", TextOf(first));
        Assert.Equal(new MessageHeaders([new(name, value), new("number", 7)]), first.Message.Headers);
        Assert.Equal(["second"], await DrainAsync(transport, queue));
        Assert.Equal(1, transport.Health.State == ConnectionState.Connected ? 1 : 0);
    }

    [Fact(Timeout = Limit)]
    public async Task Headers_of_64_KiB_come_back()
    {
        var transport = await OpenAsync();
        var queue = await DeclareAsync(transport);
        // Colons and backslashes double on the wire; letters beyond ASCII become six each in JSON.
        var headers = new MessageHeaders([new("plain", new string('x', 32_000)), new("escaped", string.Concat(Enumerable.Repeat(":\\", 8_000))), new("letters", new string('ž', 16_000))]);
        await SendAsync(transport, queue, Text("large") with { Headers = headers });
        Assert.Equal(headers, (await TakeAsync(transport, queue)).Message.Headers);
    }

    [Theory(Timeout = Limit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Headers_that_are_hopelessly_large_are_refused_in_words_and_the_connection_lives(bool isName)
    {
        var transport = await OpenAsync();
        var queue = await DeclareAsync(transport);
        var large = new string('x', 3_000_000);
        var refusal = await RefusalOfAsync(() => SendAsync(transport, queue, isName ? WithHeader("large", large, 1) : WithHeader("large", "name", large)));
        Assert.Contains(queue, refusal, StringComparison.Ordinal);
        Assert.Contains("headers", refusal, StringComparison.Ordinal);
        Assert.True(refusal.Length < 1000, refusal);
        await SendAsync(transport, queue, "small");
        Assert.Equal(["small"], await DrainAsync(transport, queue));
        Assert.Equal(ConnectionState.Connected, transport.Health.State);
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_given_back_keeps_its_headers_and_body()
    {
        var transport = await OpenAsync();
        var queue = await DeclareAsync(transport);
        var message = Text("a\0b") with
        {
            CorrelationId = "c:\n1",
            ReplyTo = "r,1",
            MessageId = "m",
            Priority = 5,
            Headers = new MessageHeaders([new("n", 1), new("expires", ""), new("deep", HeaderValue.From(new MessageHeaders([new("x", 1.5)]))), new("long", new string('ž', 3000))]),
        };
        await SendAsync(transport, queue, message);
        for (var round = 0; round < 3; round++)
        {
            var held = Assert.IsType<Delivery>(await transport.GetAsync(queue, Cancelled));
            await held.RequeueAsync(Cancelled);
        }
        await using var subscription = await SubscribeAsync(transport, queue, prefetch: 1);
        var first = await ReceiveAsync(subscription);
        await first.RequeueAsync(Cancelled);
        var again = await ReceiveAsync(subscription);
        Assert.True(again.Redelivered);
        Assert.Equal(message.Body.ToArray(), again.Message.Body.ToArray());
        Assert.Equal(message with { Body = default }, again.Message with { Body = default });
    }
}

/// <summary>On ActiveMQ.</summary>
public sealed class ActiveMqHeaderTests : HeaderFacts
{
    protected override Task<ITransport> OpenAsync() => OpenActiveMqAsync();

    [Fact(Timeout = Limit)]
    public async Task No_header_of_the_application_is_one_of_the_frame()
    {
        var server = await ActiveMqAsync();
        var (transport, raw) = (Open(server.StompUrl), await RawAsync(server.StompUrl));
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, WithHeaders("x", [.. Commands.Where(row => row.Data.Item1 != "celery-headers").DistinctBy(row => row.Data.Item1).Select(row => new KeyValuePair<string, HeaderValue>(row.Data.Item1, row.Data.Item2))]));
        var frame = await NextAsync(await ListenAsync(raw, "/queue/" + queue));
        string[] allowed = ["content-type", "content-length", "celery-headers", "celery-properties", "persistent", "priority", "expires", "timestamp", "destination", "subscription", "message-id", "ack", "content-encoding"];
        Assert.Empty(frame.Headers.Select(header => header.Key).Except(allowed));
        Assert.Equal("0", frame.Headers.Find("expires") ?? "0");
        await raw.RequestAsync(StompFrames.Ack(frame.Headers.Find("ack")!), Cancelled);
    }

    [Fact(Timeout = Limit)]
    public async Task A_frame_that_goes_back_is_the_frame_that_came()
    {
        var server = await ActiveMqAsync();
        var (transport, raw) = (Open(server.StompUrl), await RawAsync(server.StompUrl));
        var queue = await DeclareAsync(transport);
        await raw.RequestAsync(StompFrames.Send("/queue/" + queue, "x"u8.ToArray(), [new("celery-headers", "{ \"a\" :1.50}"), new("odd:name", "1:2\\3\n4"), new("persistent", "true"), new("priority", "7")]), Cancelled);
        var frames = await ListenAsync(raw, "/queue/" + queue);
        var before = await NextAsync(frames);
        await raw.RequestAsync(StompFrames.Ack(before.Headers.Find("ack")!), Cancelled);
        await raw.RequestAsync(StompFrames.Send("/queue/" + NameOf("second"), "x"u8.ToArray(), StompHeaders.Create([.. before.Headers.Where(header => IsOfMessage(header.Key))])), Cancelled);
        await transport.DeclareAsync(Topology.Queue(NameOf("second")), Cancelled);
        await using var subscription = await SubscribeAsync(transport, NameOf("second"));
        await (await ReceiveAsync(subscription)).RequeueAsync(Cancelled);
        await subscription.DisposeAsync();
        var after = await NextAsync(await ListenAsync(raw, "/queue/" + NameOf("second")));
        Assert.Equal(Essence(before), Essence(after));
        Assert.Equal(before.Body.ToArray(), after.Body.ToArray());
    }

    private static bool IsOfMessage(string header) =>
        header is not ("destination" or "subscription" or "message-id" or "ack" or "timestamp" or "celery-redelivered" or "content-length" or "redelivered") && header.Length > 0;

    private static IEnumerable<string> Essence(StompFrame frame) =>
        frame.Headers.Where(header => IsOfMessage(header.Key)).Select(header => $"{header.Key}={header.Value}").Order(StringComparer.Ordinal);
}

/// <summary>On RabbitMQ.</summary>
public sealed class RabbitMqHeaderTests : HeaderFacts
{
    protected override Task<ITransport> OpenAsync() => OpenRabbitMqAsync();
}
