using System.Text.Json;
using Celeriac.Messaging;
using Celeriac.Stomp.Brokers;

namespace Celeriac.Stomp.Tests.Brokers;

/// <summary>Names that mean something else to the broker.</summary>
public sealed class QueueNameTests : StompTest
{
    [Theory(Timeout = Limit)]
    [InlineData("a,b")]
    [InlineData("*")]
    [InlineData("part.*")]
    [InlineData(">")]
    [InlineData("part.>")]
    [InlineData("a?consumer.exclusive=true")]
    [InlineData("%2C")]
    [InlineData("100%")]
    [InlineData(" edges ")]
    [InlineData("in the middle")]
    [InlineData("a/b:c\\d")]
    [InlineData("žluť 😀")]
    [InlineData("queue://a")]
    [InlineData("DLQ.a")]
    public async Task ActiveMq_takes_a_queue_of_any_name_for_one_queue(string name)
    {
        var transport = await OpenActiveMqAsync();
        var neighbours = await DeclareNeighboursAsync(transport, name);
        await SendAsync(transport, name, "mine");
        await AssertEmptyAsync(transport, neighbours);
        await AssertHeardAloneAsync(transport, name, neighbours);
        Assert.Equal(name, Destinations.FromActiveMq(Destinations.ActiveMq(name)));
        await transport.DeleteQueueAsync(name, Cancelled);
    }

    [Theory(Timeout = Limit)]
    [InlineData("a/b")]
    [InlineData("100%")]
    [InlineData("%2f")]
    [InlineData("%25")]
    [InlineData("žluť 😀")]
    [InlineData(" edges ")]
    [InlineData("a:b\\c,d?e#f;g")]
    public async Task RabbitMq_takes_a_queue_of_any_name_for_one_queue(string name)
    {
        var transport = await OpenRabbitMqAsync();
        var neighbours = await DeclareNeighboursAsync(transport, name);
        await SendAsync(transport, name, "mine");
        await AssertEmptyAsync(transport, neighbours);
        await AssertHeardAloneAsync(transport, name, neighbours);
        Assert.Contains(name, await NamesAsync());
        await transport.DeleteQueueAsync(name, Cancelled);
    }

    [Fact(Timeout = Limit)]
    public async Task RabbitMq_has_no_form_for_an_escaped_slash_and_a_refusal_says_so()
    {
        var transport = await OpenRabbitMqAsync();
        var refusal = await RefusalOfAsync(() => transport.DeclareAsync(Topology.Queue("a%2Fb"), Cancelled));
        Assert.Contains("'a%2Fb'", refusal, StringComparison.Ordinal);
        Assert.Contains("amqp://", refusal, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<string?>> NamesAsync()
    {
        using var queues = JsonDocument.Parse(await (await RabbitMqAsync()).ControlAsync("list_queues", "name", "--formatter", "json"));
        return [.. queues.RootElement.EnumerateArray().Select(queue => queue.GetProperty("name").GetString())];
    }

    private static async Task<string[]> DeclareNeighboursAsync(ITransport transport, string name)
    {
        string[] all = ["a", "b", "part", "part.one", "edges", ",", "100", "%", "c"];
        string[] neighbours = [.. all.Where(neighbour => neighbour != name)];
        await transport.DeclareAsync(new Topology { Queues = [.. neighbours.Append(name).Select(queue => new QueueDeclaration(queue))] }, Cancelled);
        foreach (var queue in neighbours.Append(name))
        {
            await transport.PurgeAsync(queue, Cancelled);
        }
        return neighbours;
    }

    private static async Task AssertEmptyAsync(ITransport transport, string[] queues)
    {
        foreach (var queue in queues)
        {
            Assert.Null(await transport.GetAsync(queue, Cancelled));
        }
    }

    /// <summary>A consumer of the name hears its own queue and no neighbour; what is sent to itself last shows that nothing else came before.</summary>
    private static async Task AssertHeardAloneAsync(ITransport transport, string name, string[] neighbours)
    {
        await using var subscription = await SubscribeAsync(transport, name, prefetch: 20);
        foreach (var neighbour in neighbours)
        {
            await SendAsync(transport, neighbour, "a neighbour's");
        }
        await SendAsync(transport, name, "mine too");
        Assert.Equal("mine", TextOf(await ReceiveAsync(subscription)));
        Assert.Equal("mine too", TextOf(await ReceiveAsync(subscription)));
        foreach (var neighbour in neighbours)
        {
            Assert.Equal(["a neighbour's"], await DrainAsync(transport, neighbour));
        }
    }
}
