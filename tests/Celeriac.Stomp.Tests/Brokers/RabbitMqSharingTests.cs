using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests.Brokers;

/// <summary>Queues of RabbitMQ that AMQP peers share.</summary>
public sealed class RabbitMqSharingTests : StompTest
{
    private const string Prologue = """
        import json, sys, pika
        connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
        channel = connection.channel()
        queue = sys.argv[2]

        """;

    [Fact(Timeout = Limit)]
    public async Task An_AMQP_consumer_reads_text_headers_as_its_own()
    {
        var transport = await OpenRabbitMqAsync("?headers=text");
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, WithHeader("grüße", "color", "blue: \\ sky") with { CorrelationId = "c1", MessageId = "m1", ReplyTo = "answers", Priority = 3 });
        using var read = JsonDocument.Parse(await AmqpAsync(
            """
            method, properties, body = channel.basic_get(queue, auto_ack=True)
            print(json.dumps({"body": body.decode(), "headers": properties.headers, "type": properties.content_type, "encoding": properties.content_encoding,
                "correlation": properties.correlation_id, "id": properties.message_id, "reply": properties.reply_to, "mode": properties.delivery_mode, "priority": properties.priority}))
            """, queue));
        string? Of(string name) => read.RootElement.GetProperty(name).ToString();
        Assert.Equal(("grüße", "text/plain", "utf-8", "c1", "m1"), (Of("body"), Of("type"), Of("encoding"), Of("correlation"), Of("id")));
        Assert.Equal(("answers", "2", "3"), (Of("reply"), Of("mode"), Of("priority")));
        Assert.Equal("blue: \\ sky", read.RootElement.GetProperty("headers").GetProperty("color").GetString());
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_can_be_declared_while_others_ask_whether_it_exists()
    {
        var (declaring, asking) = (await OpenRabbitMqAsync(), await OpenRabbitMqAsync());
        for (var round = 0; round < 5; round++)
        {
            var queue = NameOf($"asked-{round}");
            var asked = Task.WhenAll(AskUntilThereAsync(asking, queue), AskUntilThereAsync(asking, queue));
            await declaring.DeclareAsync(Topology.Queue(queue), Cancelled);
            await asked;
        }
    }

    private static async Task AskUntilThereAsync(ITransport transport, string queue)
    {
        while (true)
        {
            try
            {
                await transport.PurgeAsync(queue, Cancelled);
                return;
            }
            catch (TransportException)
            {
                // Not there yet, or only as what the other asks with.
            }
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_header_that_is_no_text_is_refused_by_name()
    {
        var transport = await OpenRabbitMqAsync("?headers=text");
        var queue = await DeclareAsync(transport);
        var refusal = await RefusalOfAsync(() => SendAsync(transport, queue, WithHeader("x", "retries", 3)));
        Assert.Contains("'retries'", refusal, StringComparison.Ordinal);
        Assert.Contains("headers=text", refusal, StringComparison.Ordinal);
        Assert.Contains("'destination'", await RefusalOfAsync(() => SendAsync(transport, queue, WithHeader("x", "destination", "/queue/a"))), StringComparison.Ordinal);
        Assert.Empty(await DrainAsync(transport, queue));
    }

    [Fact(Timeout = Limit)]
    public async Task A_text_header_that_is_too_long_is_refused_and_its_neighbours_are_sent_once()
    {
        var transport = await OpenRabbitMqAsync("?headers=text");
        var queue = await DeclareAsync(transport);
        var good = Enumerable.Range(0, 20).Select(number => SendAsync(transport, queue, $"{number}").AsTask()).ToArray();
        await Assert.ThrowsAnyAsync<TransportRefusedException>(() => SendAsync(transport, queue, WithHeader("x", "long", new string('x', 20_000))).AsTask());
        await Task.WhenAll(good);
        Assert.Equal(20, (await DrainAsync(transport, queue)).Count);
    }

    [Theory(Timeout = Limit)]
    [InlineData("json")]
    [InlineData("text")]
    public async Task What_an_AMQP_publisher_sends_is_read(string mode)
    {
        var transport = await OpenRabbitMqAsync($"?headers={mode}");
        var queue = await DeclareAsync(transport);
        await AmqpAsync(
            """
            channel.basic_publish("", queue, "grüße".encode(), pika.BasicProperties(content_type="text/plain", content_encoding="utf-8", correlation_id="c1", message_id="m1",
                reply_to="answers", delivery_mode=2, priority=3, headers={"color": "blue", "count": 3}))
            """, queue);
        var delivery = await TakeAsync(transport, queue);
        var message = delivery.Message;
        Assert.Equal("grüße", TextOf(delivery));
        Assert.Equal(("text/plain", "utf-8", "c1", "m1", "answers"), (message.ContentType, message.ContentEncoding, message.CorrelationId, message.MessageId, message.ReplyTo));
        Assert.Equal(((byte?)3, true), (message.Priority, message.Persistent));
        Assert.Equal(("blue", "3"), (message.Headers.TextOf("color"), message.Headers.TextOf("count")));
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_with_other_arguments_is_used_as_it_is()
    {
        var transport = await OpenRabbitMqAsync();
        var queue = NameOf("quorum");
        await AmqpAsync("""channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})""", queue);
        await SendAsync(transport, queue, "one");
        await using var subscription = await SubscribeAsync(transport, queue);
        await SendAsync(transport, queue, "two");
        Assert.Equal("one", TextOf(await ReceiveAsync(subscription)));
        Assert.Equal("two", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact(Timeout = Limit)]
    public async Task Declaring_it_differently_is_refused_in_words_that_name_what_differs_and_costs_nothing_else()
    {
        var transport = await OpenRabbitMqAsync();
        var (queue, own) = (NameOf("quorum"), await DeclareAsync(transport, "own"));
        await using var subscription = await SubscribeAsync(transport, own);
        await AmqpAsync("""channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})""", queue);
        var refusal = await RefusalOfAsync(() => transport.DeclareAsync(Topology.Queue(queue), Cancelled));
        Assert.Contains($"'{queue}'", refusal, StringComparison.Ordinal);
        Assert.Contains("x-queue-type", refusal, StringComparison.Ordinal);
        await SendAsync(transport, own, "goes on");
        Assert.Equal("goes on", TextOf(await ReceiveAsync(subscription)));
    }

    /// <summary>
    /// Why there is no group commit here: see <c>RabbitMqBroker.ExecuteAsync</c>. What is proved is the way we go: one receipt for each message,
    /// which the plug-in answers when RabbitMQ has confirmed it, and no transaction.
    /// </summary>
    [Fact(Timeout = Limit)]
    public async Task Every_message_has_a_receipt_of_its_own_and_no_transaction()
    {
        var server = await RabbitMqAsync();
        await using var tap = new StompTap(server.StompPort);
        var transport = Open(tap.Through(server.StompUrl) + "?heartbeat=1h");
        var queue = await DeclareAsync(Open(server.StompUrl));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => SendAsync(transport, queue, $"{number}").AsTask()));
        var sends = tap.Sent.Where(frame => frame.Command == "SEND" && frame.Headers.Find("destination") == $"/amq/queue/{queue}").ToList();
        Assert.Equal(50, sends.Count);
        Assert.All(sends, frame => Assert.True(frame.Headers.Find("receipt") is not null && frame.Headers.Find("transaction") is null));
    }

    private static async Task<string> AmqpAsync(string program, string queue) => await PythonAsync(Prologue + program, (await RabbitMqAsync()).AmqpUrl, queue);
}
