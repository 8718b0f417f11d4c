using Celeriac.Messaging.Serialization;
using Celeriac.Messaging.Tests.Serialization;

namespace Celeriac.Messaging.Tests;

/// <summary>Publisher and consumer together on the reference transport.</summary>
public sealed class PublisherToConsumerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_compressed_value_with_headers_arrives_as_it_was_sent()
    {
        await using var transport = await ConnectAsync();
        await using var consumer = new Consumer(transport, "q");

        await new Publisher(transport).SendAsync(
            new Order(7, "celeriac", [1.5m]), OrderJson.Default.Order, "q", new() { Compression = "brotli", Headers = new([new("copies", 3)]) }, Token);

        var delivery = (await consumer.ReceiveAsync(Token))!;
        Assert.Equal("celeriac", delivery.ReadJson(OrderJson.Default.Order)!.Item);
        Assert.Equal(3, delivery.Message.Headers["copies"].AsLong());
        Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Token));
    }

    [Fact]
    public async Task What_a_disposed_consumer_did_not_settle_comes_to_the_next()
    {
        await using var transport = await ConnectAsync();
        await new Publisher(transport).SendAsync("hello", "q", cancellationToken: Token);
        await using (var first = new Consumer(transport, "q"))
        {
            Assert.NotNull(await first.ReceiveAsync(Token));
        }

        await using var second = new Consumer(transport, "q");
        var delivery = (await second.ReceiveAsync(Token))!;

        Assert.Equal("hello", delivery.ReadText());
        await delivery.AckAsync(Token);
    }

    [Fact]
    public async Task A_message_to_a_queue_that_does_not_exist_is_refused()
    {
        await using var transport = await ConnectAsync();

        var error = await Assert.ThrowsAsync<UnroutableException>(async () => await new Publisher(transport).SendAsync("hello", "nowhere", cancellationToken: Token));

        Assert.Contains("there is no queue 'nowhere'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consumer_of_a_queue_that_does_not_exist_is_refused()
    {
        await using var transport = await ConnectAsync();
        await using var consumer = new Consumer(transport, "nowhere");

        await Assert.ThrowsAsync<TransportRefusedException>(async () => await consumer.ReceiveAsync(Token));
    }

    [Fact]
    public async Task A_waiting_consumer_ends_when_it_is_cancelled()
    {
        await using var transport = await ConnectAsync();
        await using var consumer = new Consumer(transport, "q");
        await new Publisher(transport).SendAsync("first", "q", cancellationToken: Token);
        await (await consumer.ReceiveAsync(Token))!.AckAsync(Token);
        var waiting = consumer.ReceiveAsync(Token).AsTask();

        await consumer.CancelAsync(Token);

        Assert.Null(await waiting);
    }

    private static async Task<ITransport> ConnectAsync()
    {
        var transport = await Transports.ConnectAsync($"memory://{Guid.NewGuid():N}", cancellationToken: Token);
        await transport.DeclareAsync(Topology.Queue("q"), Token);
        return transport;
    }
}
