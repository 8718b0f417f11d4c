using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Tests;

public sealed class ConsumerTests : IAsyncDisposable
{
    private readonly RecordingTransport _transport = new("test://");

    public ValueTask DisposeAsync() => _transport.DisposeAsync();

    [Fact]
    public async Task A_consumer_subscribes_at_the_first_receive()
    {
        await using var consumer = new Consumer(_transport, ["a", "b"], new ConsumerOptions { Prefetch = 3, ConsumerName = "me" });
        Assert.Empty(_transport.Subscriptions);
        _transport.Deliver(MessageContent.Text("one"));
        _transport.Deliver(MessageContent.Text("two"));

        Assert.Equal("one", (await consumer.ReceiveAsync())!.ReadText());
        Assert.Equal("two", (await consumer.ReceiveAsync())!.ReadText());

        var options = Assert.Single(_transport.Subscriptions);
        Assert.Equal(["a", "b"], options.Queues);
        Assert.Equal((3, "me"), (options.Prefetch, options.ConsumerName));
    }

    [Fact]
    public async Task Many_waiting_receivers_share_one_subscription()
    {
        await using var consumer = new Consumer(_transport, "a");

        var receiving = Enumerable.Range(0, 8).Select(_ => consumer.ReceiveAsync().AsTask()).ToArray();
        for (var count = 0; count < receiving.Length; count++)
        {
            _transport.Deliver(MessageContent.Text("x"));
        }

        Assert.All(await Task.WhenAll(receiving), Assert.NotNull);
        Assert.Single(_transport.Subscriptions);
    }

    [Fact]
    public async Task Await_foreach_ends_when_the_consumer_is_cancelled()
    {
        await using var consumer = new Consumer(_transport, "a");
        _transport.Deliver(MessageContent.Text("one"));
        _transport.Deliver(MessageContent.Text("two"));
        var texts = new List<string>();

        await foreach (var delivery in consumer)
        {
            texts.Add(delivery.ReadText());
            await delivery.AckAsync();
            if (texts.Count == 2)
            {
                await consumer.CancelAsync();
            }
        }

        Assert.Equal(["one", "two"], texts);
        Assert.Equal([Settlement.Ack, Settlement.Ack], _transport.Completions.Select(completion => completion.Settlement));
        Assert.Null(await consumer.ReceiveAsync());
    }

    [Fact]
    public async Task A_consumer_cancelled_before_it_subscribed_receives_nothing()
    {
        await using var consumer = new Consumer(_transport, "a");

        await consumer.CancelAsync();

        Assert.Null(await consumer.ReceiveAsync());
        Assert.Empty(_transport.Subscriptions);
    }

    [Fact]
    public async Task A_cancelled_token_ends_the_wait()
    {
        await using var consumer = new Consumer(_transport, "a");
        using var cancellation = new CancellationTokenSource();
        var receiving = consumer.ReceiveAsync(cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
    }

    [Fact]
    public async Task The_allow_list_of_the_consumer_holds_for_its_deliveries()
    {
        await using var consumer = new Consumer(_transport, "a", new ConsumerOptions { Contents = ContentRegistry.Default.Accepting("json") });
        _transport.Deliver(MessageContent.Text("one"));

        var delivery = (await consumer.ReceiveAsync())!;

        var error = Assert.Throws<ContentRefusedException>(() => delivery.ReadText());
        Assert.Contains("'text/plain' is not accepted here. Accepted: json (application/json).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_ends_the_subscription()
    {
        var consumer = new Consumer(_transport, "a");
        _transport.Deliver(MessageContent.Text("one"));
        await consumer.ReceiveAsync();

        await consumer.DisposeAsync();
        await consumer.DisposeAsync();

        Assert.True(_transport.Disposed);
    }

    [Fact]
    public async Task A_disposed_consumer_refuses_to_receive()
    {
        var consumer = new Consumer(_transport, "a");
        await consumer.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await consumer.ReceiveAsync());
    }

    [Fact]
    public void No_queue_and_no_prefetch_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Consumer(_transport, Array.Empty<string>()));
        Assert.Throws<ArgumentException>(() => new Consumer(_transport, ""));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new Consumer(_transport, "a", new ConsumerOptions { Prefetch = 0 }));
        Assert.Contains("Prefetch is '0', but must be at least 1.", error.Message, StringComparison.Ordinal);
    }
}
