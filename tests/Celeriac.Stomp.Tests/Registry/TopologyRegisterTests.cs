using System.Text;
using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Stomp.Registry;

namespace Celeriac.Stomp.Tests.Registry;

/// <summary>The one message that holds what is declared on an ActiveMQ. A server of their own, because they harm it.</summary>
public sealed class TopologyRegisterTests(TopologyRegisterTests.OwnServer own) : StompTest, IClassFixture<TopologyRegisterTests.OwnServer>
{
    private readonly ActiveMqServer _server = own.Server;

    private string Url => _server.StompUrl;

    [Fact(Timeout = Limit)]
    public async Task Declarations_of_many_connections_at_once_all_survive()
    {
        var transports = Enumerable.Range(0, 6).Select(_ => Open(Url)).ToArray();
        await Task.WhenAll(transports.Select((transport, number) => DeclareManyAsync(transport, number)));
        var reader = Open(Url);
        foreach (var name in from number in Enumerable.Range(0, 6) from queue in Enumerable.Range(0, 8) select NameOf($"q{number}.{queue}"))
        {
            Assert.NotNull(await reader.CountAsync(name, Cancelled));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_process_that_dies_with_the_register_in_hand_blocks_nobody()
    {
        var transport = Open(Url);
        await DeclareAsync(transport, "first");
        var holder = await RawAsync(Url);
        await NextAsync(await ListenAsync(holder, ActiveMqTopology.Queue, new("activemq.prefetchSize", "1"), new("activemq.exclusive", "true")));
        var declaring = DeclareAsync(transport, "second");
        await holder.DisposeAsync();
        await declaring.WaitAsync(Patience, Cancelled);
        Assert.NotNull(await Open(Url).CountAsync(NameOf("first"), Cancelled));
        Assert.NotNull(await Open(Url).CountAsync(NameOf("second"), Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Somebody_who_keeps_the_register_is_named_after_a_while_and_harms_nothing_that_is_known()
    {
        var transport = Open(Url);
        var queue = await DeclareAsync(transport, "first");
        var holder = await RawAsync(Url);
        await NextAsync(await ListenAsync(holder, ActiveMqTopology.Queue, new KeyValuePair<string, string>("activemq.exclusive", "true")));
        var failure = await Assert.ThrowsAsync<TransportException>(() => DeclareAsync(transport, "second"));
        Assert.Contains("celeriac.topology", failure.Message, StringComparison.Ordinal);
        await SendAsync(transport, queue, "x");
        Assert.Equal(["x"], await DrainAsync(Open(Url), queue));
        await holder.DisposeAsync();
        await DeclareAsync(transport, "second");
    }

    [Fact(Timeout = Limit)]
    public async Task Declarations_that_are_given_up_leave_the_register_free()
    {
        var hasty = Open(Url);
        var queue = await DeclareAsync(hasty, "first");
        for (var round = 0; round < 60; round++)
        {
            using var giveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(round % 20));
            try
            {
                await hasty.DeclareAsync(new Topology { Queues = [new QueueDeclaration(NameOf($"hasty{round}"))] }, giveUp.Token);
            }
            catch (OperationCanceledException)
            {
            }
        }
        // The one who gave up is still connected.
        await DeclareAsync(Open(Url), "second");
        Assert.NotNull(await hasty.CountAsync(queue, Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task Two_empty_registers_do_no_harm()
    {
        var raw = await RawAsync(Url);
        for (var copy = 0; copy < 3; copy++)
        {
            await raw.RequestAsync(StompFrames.Send(ActiveMqTopology.Queue, TopologyRegister.Empty.Encode(), [new("persistent", "true"), new("celeriac_version", "0")]), Cancelled);
        }
        await Task.WhenAll(Enumerable.Range(0, 4).Select(number => DeclareManyAsync(Open(Url), number)));
        var reader = Open(Url);
        foreach (var name in from number in Enumerable.Range(0, 4) from queue in Enumerable.Range(0, 8) select NameOf($"q{number}.{queue}"))
        {
            Assert.NotNull(await reader.CountAsync(name, Cancelled));
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("{not json", "7")]
    [InlineData("null", "7")]
    [InlineData("[]", "7")]
    [InlineData("hello", null)]
    [InlineData("""{"version":900,"last_queue":1,"exchanges":[],"queues":[null],"bindings":[]}""", "900")]
    [InlineData("""{"version":900,"last_queue":1,"exchanges":[],"queues":[{}],"bindings":[]}""", "900")]
    [InlineData("""{"version":900,"last_queue":1,"exchanges":[null],"queues":[],"bindings":[null]}""", "900")]
    [InlineData("""{"version":900,"last_queue":1,"exchanges":[{}],"queues":[],"bindings":[{}]}""", "900")]
    [InlineData("""{"version":900,"last_queue":1,"exchanges":[],"queues":[{"id":1,"declaration":{"name":"a"}},{"id":1,"declaration":{"name":"a"}}],"bindings":[]}""", "900")]
    public async Task What_is_no_register_is_ignored(string body, string? version)
    {
        var raw = await RawAsync(Url);
        var headers = version is null ? StompHeaders.Empty : [new("celeriac_version", version)];
        await raw.RequestAsync(StompFrames.Send(ActiveMqTopology.Queue, Encoding.UTF8.GetBytes(body), headers.With("persistent", "true")), Cancelled);
        var transport = Open(Url);
        var queues = new[] { await DeclareAsync(transport, "one"), await DeclareAsync(transport, "two") };
        await raw.RequestAsync(StompFrames.Send(ActiveMqTopology.Queue, Encoding.UTF8.GetBytes(body), headers.With("persistent", "true")), Cancelled);
        var reader = Open(Url);
        foreach (var queue in queues)
        {
            await SendAsync(reader, queue, "x");
            Assert.Equal(["x"], await DrainAsync(reader, queue));
        }
        await DeclareAsync(reader, "three");
        Assert.NotNull(await transport.CountAsync(NameOf("three"), Cancelled));
    }

    [Fact(Timeout = Limit)]
    public async Task A_queue_that_another_process_deletes_ends_its_consumers_by_name()
    {
        var (consumer, other) = (Open(Url), Open(Url));
        var (gone, stays) = (await DeclareAsync(consumer, "gone"), await DeclareAsync(consumer, "stays"));
        await using var subscription = await SubscribeAsync(consumer, gone);
        await using var neighbour = await SubscribeAsync(consumer, stays);
        var receiving = subscription.ReceiveAsync(Cancelled).AsTask();
        Assert.True(await other.DeleteQueueAsync(gone, Cancelled));
        var failure = await Assert.ThrowsAsync<TransportRefusedException>(() => receiving.WaitAsync(Patience, Cancelled));
        Assert.Contains($"'{gone}'", failure.Message, StringComparison.Ordinal);
        await SendAsync(other, stays, "x");
        Assert.Equal("x", TextOf(await ReceiveAsync(neighbour)));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_declared_is_there_after_the_broker_was_killed()
    {
        var first = Open(Url);
        var queue = await DeclareAsync(first);
        await first.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration("news", ExchangeType.Fanout)], Bindings = [new Binding("news", queue)] }, Cancelled);
        await first.DisposeAsync();
        await _server.KillAsync();
        await _server.RestartAsync();
        var second = Open(Url);
        await second.PublishAsync(new Publication(Text("x"), "news", "any") { Mandatory = true }, Cancelled);
        Assert.Equal(["x"], await DrainAsync(second, queue));
    }

    private async Task DeclareManyAsync(ITransport transport, int number)
    {
        for (var queue = 0; queue < 8; queue++)
        {
            await transport.DeclareAsync(Topology.Queue(NameOf($"q{number}.{queue}")), Cancelled);
        }
    }

    /// <summary>What one fact leaves behind the others must bear.</summary>
    public sealed class OwnServer() : BrokerFixture<ActiveMqServer>(() => ActiveMqServer.StartAsync());
}
