using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Celeriac.Messaging;

namespace Celeriac.Redis.Tests;

/// <summary>What stands in Redis, as Kombu writes and reads it. Each fact has a prefix of its own before every key.</summary>
public sealed class BrokerFormTests : IAsyncDisposable
{
    private readonly string _prefix = $"{Guid.NewGuid().ToString("N")[..8]}.";
    private readonly List<ITransport> _opened = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _opened)
        {
            await transport.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_message_is_Kombus_envelope_in_a_list_and_its_priority_a_list_beside_it()
    {
        var transport = await OpenAsync();
        var message = new Message { Body = "[[1], {}, {}]"u8.ToArray(), ContentType = "application/json", ContentEncoding = "utf-8", CorrelationId = "id-1", ReplyTo = "replies", Priority = 5, Headers = MessageHeaders.Empty.With("task", "math.add").With("retries", 0L) };
        await transport.PublishAsync(Publication.ToQueue("mail", message), Cancelled);

        var raw = await SharedServer.Server.ControlAsync("LINDEX", $"{_prefix}mail\u0006\u00163", "0");
        using var envelope = JsonDocument.Parse(raw);
        var root = envelope.RootElement;
        var properties = root.GetProperty("properties");
        Assert.Equal("[[1], {}, {}]", Encoding.UTF8.GetString(root.GetProperty("body").GetBytesFromBase64()));
        Assert.Equal(("application/json", "utf-8"), (root.GetProperty("content-type").GetString(), root.GetProperty("content-encoding").GetString()));
        Assert.Equal(("math.add", 0), (root.GetProperty("headers").GetProperty("task").GetString(), root.GetProperty("headers").GetProperty("retries").GetInt32()));
        Assert.Equal(("id-1", "replies", 2, 5, "base64"), (properties.GetProperty("correlation_id").GetString(), properties.GetProperty("reply_to").GetString(), properties.GetProperty("delivery_mode").GetInt32(), properties.GetProperty("priority").GetInt32(), properties.GetProperty("body_encoding").GetString()));
        Assert.Equal(("", "mail"), (properties.GetProperty("delivery_info").GetProperty("exchange").GetString(), properties.GetProperty("delivery_info").GetProperty("routing_key").GetString()));
        Assert.True(properties.GetProperty("delivery_tag").TryGetGuid(out _));
    }

    [Fact]
    public async Task A_binding_is_Kombus_with_the_pattern_of_a_topic()
    {
        var transport = await OpenAsync();
        await transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration("news", ExchangeType.Topic)], Bindings = [new Binding("news", "mail", "a-b.*.#")] }, Cancelled);
        Assert.Equal("""a-b.*.#SEP^a\-b\..*?[^\.]\..*?$SEPmail""".Replace("SEP", "\u0006\u0016", StringComparison.Ordinal), await SharedServer.Server.ControlAsync("SMEMBERS", $"{_prefix}_kombu.binding.news"));
    }

    [Fact]
    public async Task What_is_held_stands_among_Kombus_unacknowledged_and_says_which_list_it_belongs_to()
    {
        var transport = await OpenAsync();
        await transport.PublishAsync(Publication.ToQueue("mail", Text("held") with { Priority = 9 }), Cancelled);
        var delivery = await transport.GetAsync("mail", Cancelled);

        using var record = JsonDocument.Parse(await SharedServer.Server.ControlAsync("HVALS", $"{_prefix}unacked"));
        Assert.Equal(("", "mail\u0006\u00169"), (record.RootElement[1].GetString(), record.RootElement[2].GetString()));
        Assert.Equal("1", await SharedServer.Server.ControlAsync("ZCARD", $"{_prefix}unacked_index"));
        await delivery!.AckAsync(Cancelled);
        Assert.Equal("0", await SharedServer.Server.ControlAsync("EXISTS", $"{_prefix}unacked", $"{_prefix}unacked_index"));
    }

    [Fact]
    public async Task What_a_Python_worker_has_let_lie_comes_back_to_its_queue()
    {
        var transport = await OpenAsync("visibility_timeout=1s", "lease=400ms");
        await transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration("mail")], Bindings = [new Binding("mail", "mail", "mail")] }, Cancelled);
        await SharedServer.Server.ControlAsync("HSET", $"{_prefix}unacked", "tag-1", $"[{Envelope("left")}, \"mail\", \"mail\"]");
        await SharedServer.Server.ControlAsync("ZADD", $"{_prefix}unacked_index", "1000.5", "tag-1");
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions(["mail"]), Cancelled);
        var back = await subscription.ReceiveAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        Assert.Equal(("left", true), (Encoding.UTF8.GetString(back!.Message.Body.Span), back.Redelivered));
    }

    [Fact]
    public async Task An_acknowledgement_after_somebody_has_put_the_message_back_is_refused()
    {
        var transport = await OpenAsync();
        await transport.PublishAsync(Publication.ToQueue("mail", Text("contested")), Cancelled);
        var delivery = await transport.GetAsync("mail", Cancelled);
        // As Kombu's restore does it.
        await SharedServer.Server.ControlAsync("DEL", $"{_prefix}unacked", $"{_prefix}unacked_index");
        Assert.Equal(CompletionStatus.Lost, await delivery!.AckAsync(Cancelled));
    }

    [Fact]
    public async Task What_is_no_message_is_put_aside_and_the_next_one_comes()
    {
        var transport = await OpenAsync();
        await SharedServer.Server.ControlAsync("LPUSH", $"{_prefix}mail", "no message");
        await SharedServer.Server.ControlAsync("LPUSH", $"{_prefix}mail", """{"neither": "is this"}""");
        await transport.PublishAsync(Publication.ToQueue("mail", Text("message")), Cancelled);

        var damaged = await transport.GetAsync("mail", Cancelled);
        Assert.Equal(("application/x-celeriac-unreadable", """{"neither": "is this"}"""), (damaged!.Message.ContentType, Encoding.UTF8.GetString(damaged.Message.Body.Span)));
        Assert.Equal("message", Encoding.UTF8.GetString((await transport.GetAsync("mail", Cancelled))!.Message.Body.Span));
        Assert.Equal("no message", await SharedServer.Server.ControlAsync("LRANGE", $"{_prefix}celeriac-broker:unreadable:mail", "0", "-1"));
    }

    [Fact]
    public async Task A_broadcast_of_Pythons_comes_once_to_a_queue_that_two_processes_consume()
    {
        var (first, second) = (await OpenAsync(), await OpenAsync());
        await first.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration("news", ExchangeType.Fanout)], Bindings = [new Binding("news", "mail")] }, Cancelled);
        await using var one = await first.SubscribeAsync(new SubscriptionOptions(["mail"]), Cancelled);
        await using var two = await second.SubscribeAsync(new SubscriptionOptions(["mail"]), Cancelled);
        Assert.Equal("2", await SharedServer.Server.ControlAsync("PUBLISH", $"{_prefix}/0.news/any.key", Envelope("heard")));
        await first.PublishAsync(new Publication(Text("ours"), "news", ""), Cancelled);

        var heard = new List<string>();
        var receiving = new[] { one.ReceiveAsync(Cancelled).AsTask(), two.ReceiveAsync(Cancelled).AsTask() };
        foreach (var delivery in await Task.WhenAll(receiving).WaitAsync(TimeSpan.FromSeconds(60), Cancelled))
        {
            heard.Add(Encoding.UTF8.GetString(delivery!.Message.Body.Span));
        }
        Assert.Equal(["heard", "ours"], heard.Order());
        Assert.Equal(0, (await first.CountAsync("mail", Cancelled))!.Ready);
    }

    /// <summary>A turn a second that deletes one would need minutes for the reply queues of a busy day.</summary>
    [Fact]
    public async Task Queues_that_nobody_uses_any_more_are_deleted_together()
    {
        var transport = await OpenAsync();
        var brief = Enumerable.Range(0, 150).Select(number => new QueueDeclaration($"brief-{number}") { Expires = TimeSpan.FromMilliseconds(1) });
        await transport.DeclareAsync(new Topology { Queues = [.. brief] }, Cancelled);
        // Another process looks after the place, once a second.
        await OpenAsync("lease=400ms");
        var started = Stopwatch.GetTimestamp();
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await SharedServer.Server.ControlAsync("HLEN", $"{_prefix}celeriac-broker:queues") is not "1" and var left)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"{left} queues are left.");
            await beat.WaitForNextTickAsync(Cancelled);
        }
        Assert.NotNull(await transport.CountAsync("mail", Cancelled));
    }

    [Theory]
    [InlineData("visibility_timeout=5s", "must not be longer than visibility_timeout, 5 s")]
    [InlineData("priority_steps=9,3", "ascending")]
    [InlineData("priority_steps=0,12", "from 0 to 9")]
    [InlineData("visibilty_timeout=1h", "'visibilty_timeout'")]
    public void An_option_that_cannot_be_is_refused_in_words(string option, string expected)
    {
        SharedServer.Register();
        var refusal = Assert.Throws<BrokerUrlException>(() => Transports.Create($"redis://:secret@localhost/0?{option}"));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A transport with the queue <c>mail</c>.</summary>
    private async Task<ITransport> OpenAsync(params string[] options)
    {
        var transport = Transports.Create($"{SharedServer.Server.Url}?{string.Join('&', options.Prepend($"global_keyprefix={_prefix}"))}");
        _opened.Add(transport);
        await transport.DeclareAsync(Topology.Queue("mail"), Cancelled);
        return transport;
    }

    private static Message Text(string text) => new() { Body = Encoding.UTF8.GetBytes(text), ContentType = "text/plain", ContentEncoding = "utf-8" };

    /// <summary>As Python's <c>json.dumps</c> writes it.</summary>
    private static string Envelope(string body) => $$$"""
        {"body": "{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(body))}}}", "content-encoding": "utf-8", "content-type": "text/plain", "headers": {"lang": "py"}, "properties": {"correlation_id": "1", "delivery_mode": 2, "delivery_info": {"exchange": "mail", "routing_key": "mail"}, "priority": 0, "body_encoding": "base64", "delivery_tag": "{{{Guid.NewGuid()}}}"}}
        """;
}
