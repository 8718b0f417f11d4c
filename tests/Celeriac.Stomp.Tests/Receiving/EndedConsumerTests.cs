using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Stomp.Tests.Faults;

namespace Celeriac.Stomp.Tests.Receiving;

/// <summary>RabbitMQ's plug-in ends a consumer with an ERROR frame for several reasons; only one of them is for good. The server is their own, because they end all its connections.</summary>
public sealed class EndedConsumerTests(OwnRabbitMq own) : StompTest, IClassFixture<OwnRabbitMq>
{
    private readonly RabbitMqServer _server = own.Server;

    [Fact(Timeout = Limit)]
    public async Task A_consumer_whose_connections_an_operator_closes_goes_on()
    {
        var (transport, queue) = await StartAsync();
        await using var subscription = await SubscribeAsync(transport, queue);
        var receiving = ReceiveAsync(subscription);
        await _server.ControlAsync("close_all_connections", "maintenance");
        await SendAsync(transport, queue, "afterwards");
        Assert.Equal("afterwards", TextOf(await receiving));
    }

    [Fact(Timeout = Limit)]
    public async Task A_consumer_whose_own_connection_alone_ends_with_an_ERROR_goes_on()
    {
        var (transport, queue) = await StartAsync();
        await using var subscription = await SubscribeAsync(transport, queue);
        var receiving = ReceiveAsync(subscription);
        var channels = (await _server.ControlAsync("list_channels", "pid", "consumer_count")).Split('\n').Select(line => line.Split('\t'));
        var channel = Assert.Single(channels, row => row is [_, "1"])[0];
        await _server.ControlAsync("eval", $"exit(rabbit_misc:string_to_pid(\"{channel}\"), kill).");
        await SendAsync(transport, queue, "afterwards");
        Assert.Equal("afterwards", TextOf(await receiving));
    }

    [Fact(Timeout = Limit)]
    public async Task A_consumer_whose_queue_an_operator_deletes_fails_and_names_it()
    {
        var (transport, queue) = await StartAsync();
        await using var subscription = await SubscribeAsync(transport, queue);
        var receiving = subscription.ReceiveAsync(Cancelled).AsTask();
        await _server.ControlAsync("delete_queue", queue);
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => receiving.WaitAsync(Patience, Cancelled));
        Assert.Contains($"'{queue}' was deleted", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<(ITransport Transport, string Queue)> StartAsync()
    {
        var transport = Open(_server.StompUrl + "?reconnect_delay=50ms&reconnect_delay_max=250ms");
        return (transport, await DeclareAsync(transport));
    }
}
