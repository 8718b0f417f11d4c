using System.Collections.Concurrent;
using System.Globalization;
using Celeriac.Brokers;
using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests;

/// <summary>Brokers of their own that go and come under publishers and a consumer.</summary>
public sealed class RestartTests : StompTest
{
    private const int LongLimit = 600_000;
    private const string Quick = "?publish_timeout=60s&reconnect_delay=100ms&reconnect_delay_max=500ms";

    /// <summary>CELERIAC_RESTARTS: how often the broker is restarted in a row; a few by default, 100 by hand.</summary>
    private static int Restarts => int.TryParse(Environment.GetEnvironmentVariable("CELERIAC_RESTARTS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 5;

    [Fact(Timeout = LongLimit)]
    public async Task Nothing_confirmed_is_lost_when_ActiveMq_goes_and_comes_again_and_again()
    {
        var server = Own(await ActiveMqServer.StartAsync());
        await RestartUnderLoadAsync(server, server.StompUrl + Quick, Restarts);
    }

    [Fact(Timeout = LongLimit)]
    public async Task Nothing_confirmed_is_lost_when_RabbitMq_goes_and_comes()
    {
        var server = Own(await RabbitMqServer.StartAsync());
        await RestartUnderLoadAsync(server, server.StompUrl + Quick, Math.Max(2, Restarts / 5));
    }

    /// <summary>The other way, a COMMIT's receipt, keeps nothing here: see <c>RabbitMqBroker.ExecuteAsync</c>.</summary>
    [Fact(Timeout = LongLimit)]
    public async Task What_RabbitMq_has_confirmed_is_there_when_it_is_killed_that_moment()
    {
        var server = Own(await RabbitMqServer.StartAsync());
        var transport = Open(server.StompUrl + Quick);
        var queue = await DeclareAsync(transport);
        // RabbitMQ writes down a new queue a moment after it answers; the question takes longer than that.
        await server.ControlAsync("list_queues", "name");
        await transport.PublishAsync(Enumerable.Range(0, 1000).Select(number => Publication.ToQueue(queue, Text($"{number}"))).ToArray(), Cancelled);
        await server.KillAsync();
        await server.RestartAsync();
        Assert.Contains($"{queue}\t1000", await server.ControlAsync("list_queues", "name", "messages"), StringComparison.Ordinal);
    }

    private async Task RestartUnderLoadAsync(BrokerServer server, string url, int restarts)
    {
        var transport = Open(url);
        var queue = await DeclareAsync(transport);
        await using var subscription = await SubscribeAsync(transport, queue, prefetch: 20);
        var (confirmed, received) = (new ConcurrentDictionary<string, bool>(), new ConcurrentDictionary<string, bool>());
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        using var endConsuming = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var consuming = ConsumeAsync(subscription, received, endConsuming.Token);
        var publishing = Enumerable.Range(0, 4).Select(publisher => PublishManyAsync(transport, queue, publisher, confirmed, end.Token)).ToArray();
        for (var round = 0; round < restarts; round++)
        {
            var (sent, got) = (confirmed.Count, received.Count);
            await EventuallyAsync(() => Task.FromResult(confirmed.Count > sent + 20 && received.Count > got + 20), $"publishing and receiving go on before restart {round}");
            await (round % 2 == 0 ? server.KillAsync() : server.StopAsync());
            await server.RestartAsync();
        }
        var after = confirmed.Count;
        await EventuallyAsync(() => Task.FromResult(confirmed.Count > after + 20), "publishing goes on after the last restart");
        await end.CancelAsync();
        await Task.WhenAll(publishing);
        await EventuallyAsync(() => Task.FromResult(confirmed.Keys.All(received.ContainsKey)), "everything confirmed arrives");
        await endConsuming.CancelAsync();
        await consuming;
    }

    private static async Task PublishManyAsync(ITransport transport, string queue, int publisher, ConcurrentDictionary<string, bool> confirmed, CancellationToken end)
    {
        for (var number = 0; !end.IsCancellationRequested; number++)
        {
            var text = $"{publisher}.{number}";
            await SendAsync(transport, queue, text);
            confirmed[text] = true;
        }
    }

    private static async Task ConsumeAsync(ISubscription subscription, ConcurrentDictionary<string, bool> received, CancellationToken end)
    {
        try
        {
            while (await subscription.ReceiveAsync(end) is { } delivery)
            {
                received[TextOf(delivery)] = true;
                try
                {
                    await delivery.AckAsync(Cancelled);
                }
                catch (TransportException)
                {
                    // The connection went while it was settled: it comes again.
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
    }
}
