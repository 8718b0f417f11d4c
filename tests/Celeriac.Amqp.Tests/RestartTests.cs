using System.Collections.Concurrent;
using Celeriac.Brokers;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

/// <summary>A server of their own, because they stop it and let it run out of memory.</summary>
public sealed class RestartTests : AmqpTest, IAsyncLifetime
{
    private RabbitMqServer? _server;

    private RabbitMqServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await RabbitMqServer.StartAsync();

    [Theory(Timeout = 120_000)]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("&queue_type=quorum", false)]
    public async Task Nothing_that_was_confirmed_is_lost_when_the_broker_goes_and_comes_under_publisher_and_consumer(string options, bool isKilled)
    {
        var transport = Open($"{Server.AmqpUrl}?publish_timeout=60s&reconnect_delay=100ms&reconnect_delay_max=500ms{options}");
        var queue = await DeclareAsync(transport);
        // RabbitMQ writes down a new quorum queue's log a moment after it answers; killed before, the queue never works again. The question takes longer than that.
        await Server.ControlAsync("list_queues", "name");
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue], Prefetch: 20), Cancelled);
        var (confirmed, received) = (new ConcurrentDictionary<string, bool>(), new ConcurrentDictionary<string, bool>());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var consuming = ConsumeAsync(subscription, received, stop.Token);
        var publishers = Enumerable.Range(0, 4).Select(publisher => PublishManyAsync(transport, queue, $"{publisher}", confirmed)).ToArray();
        await PollAsync(() => confirmed.Count > 100);
        await (isKilled ? Server.KillAsync() : Server.StopAsync());
        await Server.RestartAsync();
        await Task.WhenAll(publishers);
        await PollAsync(() => confirmed.Keys.All(received.ContainsKey));
        Assert.Equal(4000, confirmed.Count);
        await stop.CancelAsync();
        await consuming;
    }

    [Fact(Timeout = 120_000)]
    public async Task A_broker_that_blocks_publishers_is_named_with_its_reason_and_publishing_goes_on_afterwards()
    {
        var transport = Open($"{Server.AmqpUrl}?publish_timeout=1s");
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, "before");
        await Server.ControlAsync("set_vm_memory_high_watermark", "0");
        // The server says that it blocks with the first message that it does not take.
        await Assert.ThrowsAnyAsync<TransportException>(() => SendAsync(transport, queue, "tells").AsTask());
        var failure = await Assert.ThrowsAsync<TransportException>(() => SendAsync(transport, queue, "waits").AsTask());
        Assert.Contains("blocks publishers: low on memory", failure.Message, StringComparison.Ordinal);
        Assert.Contains("was not sent", failure.Message, StringComparison.Ordinal);
        await Server.ControlAsync("set_vm_memory_high_watermark", "0.6");
        await PollAsync(() => SendAsync(transport, queue, "after").AsTask());
    }

    private static async Task PublishManyAsync(ITransport transport, string queue, string publisher, ConcurrentDictionary<string, bool> confirmed)
    {
        for (var number = 0; number < 1000; number++)
        {
            var text = $"{publisher}.{number}";
            await SendAsync(transport, queue, text);
            confirmed[text] = true;
        }
    }

    private static async Task ConsumeAsync(ISubscription subscription, ConcurrentDictionary<string, bool> received, CancellationToken stop)
    {
        try
        {
            while (await subscription.ReceiveAsync(stop) is { } delivery)
            {
                received[TextOf(delivery)] = true;
                await delivery.AckAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private static Task PollAsync(Func<bool> condition) => PollAsync(() => condition() ? Task.CompletedTask : Task.FromException(new TransportException("not yet")));

    private static async Task PollAsync(Func<Task> attempt)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                await attempt();
                return;
            }
            catch (TransportException)
            {
                await beat.WaitForNextTickAsync(Cancelled);
            }
        }
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await Server.DisposeAsync();
    }
}
