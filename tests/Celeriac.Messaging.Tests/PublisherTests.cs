using Celeriac.Messaging.Compression;
using Celeriac.Messaging.Serialization;
using Celeriac.Messaging.Tests.Serialization;

namespace Celeriac.Messaging.Tests;

public sealed class PublisherTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private readonly RecordingTransport _transport = new("test://");

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    [Fact]
    public async Task Text_to_a_queue_goes_through_the_default_exchange_and_must_arrive()
    {
        await new Publisher(_transport).SendAsync("hello", "mail");

        var publication = Assert.Single(_transport.Published);
        Assert.Equal(("", "mail", true), (publication.Exchange, publication.RoutingKey, publication.Mandatory));
        Assert.Equal("hello", publication.Message.ReadText());
        Assert.Null(publication.Due);
    }

    [Fact]
    public async Task A_message_to_an_exchange_may_reach_nobody_unless_it_is_mandatory()
    {
        var publisher = new Publisher(_transport, "news");

        await publisher.SendAsync("one", "sport");
        await publisher.SendAsync("two", "sport", new() { Mandatory = true });
        await publisher.SendAsync("three", "queue", new() { Exchange = "" });

        Assert.Equal([("news", false), ("news", true), ("", true)], _transport.Published.Select(publication => (publication.Exchange, publication.Mandatory)));
    }

    [Fact]
    public async Task Bytes_values_and_messages_keep_their_content_type()
    {
        var publisher = new Publisher(_transport);

        await publisher.SendAsync(new byte[] { 1, 2 }, "q");
        await publisher.SendAsync(new Order(1, "celeriac", []), OrderJson.Default.Order, "q");
        await publisher.SendAsync(2, System.Text.Json.JsonSerializerOptions.Default, "q");
        await publisher.SendAsync(new Message { Body = default, ContentType = "application/x-own" }, "q");

        Assert.Equal(
            ["application/data", "application/json", "application/json", "application/x-own"],
            _transport.Published.Select(publication => publication.Message.ContentType));
    }

    [Fact]
    public async Task Options_reach_the_message()
    {
        var message = MessageContent.Text("x") with { Headers = new([new("a", 1), new("b", 2)]), Priority = 1, ReplyTo = "old" };

        await new Publisher(_transport).SendAsync(message, "q", new()
        {
            Headers = new([new("b", 3), new("c", true)]),
            Priority = 9,
            Expiration = TimeSpan.FromMinutes(1),
            CorrelationId = "id",
            MessageId = "m",
        });

        var sent = Assert.Single(_transport.Published).Message;
        Assert.Equal(new MessageHeaders([new("a", 1), new("b", 3), new("c", true)]), sent.Headers);
        Assert.Equal(((byte?)9, TimeSpan.FromMinutes(1), "id", "m", "old"), (sent.Priority, sent.Expiration, sent.CorrelationId, sent.MessageId, sent.ReplyTo));
    }

    [Fact]
    public async Task A_delay_counts_from_the_publishers_clock()
    {
        var publisher = new Publisher(_transport, new PublisherOptions { Time = new FixedTime(Now) });

        await publisher.SendAsync("one", "q", new() { Delay = TimeSpan.FromSeconds(5) });
        await publisher.SendAsync("two", "q", new() { Due = Now.AddDays(1) });
        await publisher.SendAsync("three", "q", new() { Delay = TimeSpan.Zero });
        await publisher.SendAsync("four", "q", new() { Delay = TimeSpan.MaxValue });

        Assert.Equal([Now.AddSeconds(5), Now.AddDays(1), null, DateTimeOffset.MaxValue], _transport.Published.Select(publication => publication.Due));
    }

    [Fact]
    public async Task A_delay_and_a_due_time_together_are_refused()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(
            async () => await new Publisher(_transport).SendAsync("x", "q", new() { Delay = TimeSpan.FromSeconds(5), Due = Now }));

        Assert.Contains("both a delay ('00:00:05') and a due time", error.Message, StringComparison.Ordinal);
        Assert.Empty(_transport.Published);
    }

    [Fact]
    public async Task A_compressed_body_names_its_method()
    {
        var publisher = new Publisher(_transport, new PublisherOptions { Compression = "zlib" });

        await publisher.SendAsync(new string('a', 1000), "q");
        await publisher.SendAsync(new string('b', 1000), "q", new() { Compression = "brotli" });

        Assert.Equal(["application/x-gzip", "application/x-brotli"], _transport.Published.Select(publication => publication.Message.Headers.TextOf("compression")));
        Assert.All(_transport.Published, publication => Assert.True(publication.Message.Body.Length < 100));
        Assert.Equal(new string('b', 1000), _transport.Published[1].Message.ReadText());
    }

    [Fact]
    public async Task A_message_that_is_compressed_already_is_not_compressed_again()
    {
        var body = Compressor.Zlib.Compress("hello"u8.ToArray());
        var message = new Message { Body = body, ContentType = "text/plain", Headers = new([new("compression", "zlib")]) };

        await new Publisher(_transport, new PublisherOptions { Compression = "brotli" }).SendAsync(message, "q");

        Assert.Equal("hello", Assert.Single(_transport.Published).Message.ReadText());
    }

    [Fact]
    public async Task An_unknown_compression_is_refused_before_anything_is_sent()
    {
        Assert.Throws<ArgumentException>(() => new Publisher(_transport, new PublisherOptions { Compression = "rar" }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await new Publisher(_transport).SendAsync("x", "q", new() { Compression = "rar" }));
        Assert.Empty(_transport.Published);
    }

    [Fact]
    public async Task Many_messages_go_out_in_one_call()
    {
        var publisher = new Publisher(_transport);

        await publisher.SendAsync([MessageContent.Text("one"), MessageContent.Text("two")], "q");
        await publisher.SendAsync(Array.Empty<Message>(), "q");

        Assert.Equal([2], _transport.Batches);
        Assert.Equal(["one", "two"], _transport.Published.Select(publication => publication.Message.ReadText()));
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
