using Celeriac.Brokers;
using System.Threading.Channels;

namespace Celeriac.Stomp.Tests.Client;

/// <summary>The client with a broker that nobody here has written.</summary>
public sealed class ActiveMqTests(ActiveMqFixture broker)
{
    private readonly Channel<StompFrame> _received = Channel.CreateUnbounded<StompFrame>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_server_says_who_it_is_and_agrees_on_beats()
    {
        await using var client = await ConnectAsync();
        Assert.StartsWith("ActiveMQ/5.", client.Server, StringComparison.Ordinal);
        Assert.NotNull(client.Session);
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)), (client.HeartbeatSend, client.HeartbeatReceive));
    }

    [Fact]
    public async Task Bytes_and_headers_arrive_as_they_were_sent()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Queue("bytes"), Take, Stop);
        var body = Enumerable.Range(0, 100_000).Select(number => (byte)number).ToArray();
        await client.RequestAsync(StompFrames.Send("/queue/bytes", body, [new("persistent", "true"), new("odd:name", "1:2\\3\n4 ž😀"), new("big", new string('x', 8000))]), Stop);

        var message = await _received.Reader.ReadAsync(Stop);
        Assert.True(message.Body.Span.SequenceEqual(body));
        Assert.Equal("1:2\\3\n4 ž😀", message.Headers.Find("odd:name"));
        Assert.Equal(8000, message.Headers.Find("big")!.Length);
        await client.RequestAsync(StompFrames.Ack(message.Headers.Find("ack")!), Stop);
    }

    [Fact]
    public async Task A_text_without_content_length_arrives()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Queue("empty"), Take, Stop);
        await client.RequestAsync(StompFrames.Send("/queue/empty", default), Stop);
        Assert.True((await _received.Reader.ReadAsync(Stop)).Body.IsEmpty);
    }

    [Fact]
    public async Task What_was_not_acknowledged_comes_again_on_the_next_connection()
    {
        await using (var first = await ConnectAsync())
        {
            await first.SubscribeAsync(Queue("again"), Take, Stop);
            await first.RequestAsync([StompFrames.Send("/queue/again", "one"u8.ToArray()), StompFrames.Send("/queue/again", "two"u8.ToArray())], Stop);
            var one = await _received.Reader.ReadAsync(Stop);
            await first.RequestAsync(StompFrames.Ack(one.Headers.Find("ack")!), Stop);
            await _received.Reader.ReadAsync(Stop);
        }
        await using var second = await ConnectAsync();
        await second.SubscribeAsync(Queue("again"), Take, Stop);
        Assert.Equal("two", (await _received.Reader.ReadAsync(Stop)).GetBodyText());
    }

    [Fact]
    public async Task A_transaction_happens_as_a_whole_or_not_at_all()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Queue("transactions"), Take, Stop);
        await client.RequestAsync([StompFrames.Begin("no"), StompFrames.Send("/queue/transactions", "no"u8.ToArray(), transaction: "no"), StompFrames.Abort("no")], Stop);
        var sends = Enumerable.Range(0, 50).Select(number => StompFrames.Send("/queue/transactions", new[] { (byte)number }, transaction: "yes"));
        await client.RequestAsync([StompFrames.Begin("yes"), .. sends, StompFrames.Commit("yes")], Stop);
        for (var number = 0; number < 50; number++)
        {
            var message = await _received.Reader.ReadAsync(Stop);
            Assert.Equal(number, message.Body.Span[0]);
            await client.WriteAsync(StompFrames.Ack(message.Headers.Find("ack")!), Stop);
        }
    }

    [Fact]
    public async Task Many_callers_are_confirmed_and_every_message_arrives_once()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Queue("many"), Take, Stop);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(number => client.RequestAsync(StompFrames.Send("/queue/many", BitConverter.GetBytes(number)), Stop)));
        var numbers = new HashSet<int>();
        while (numbers.Count < 500)
        {
            var message = await _received.Reader.ReadAsync(Stop);
            Assert.True(numbers.Add(BitConverter.ToInt32(message.Body.Span)));
            await client.WriteAsync(StompFrames.Ack(message.Headers.Find("ack")!), Stop);
        }
    }

    [Fact]
    public async Task A_subscription_that_is_over_gets_nothing_more()
    {
        await using var client = await ConnectAsync();
        await client.SubscribeAsync(Queue("over"), Take, Stop);
        await client.UnsubscribeAsync("over", cancellationToken: Stop);
        await client.RequestAsync(StompFrames.Send("/queue/over", "x"u8.ToArray()), Stop);
        Assert.Equal(0, client.UnclaimedMessages);
        Assert.False(_received.Reader.TryRead(out _));
    }

    [Fact]
    public async Task An_error_of_the_broker_is_told_with_its_words_and_the_connection_goes_on()
    {
        await using var client = await ConnectAsync();
        var fault = await Assert.ThrowsAsync<StompErrorException>(() => client.RequestAsync(StompFrames.Commit("never begun"), Stop));
        Assert.Contains("never begun", fault.Message, StringComparison.Ordinal);
        await client.RequestAsync(StompFrames.Send("/topic/nobody", ReadOnlyMemory<byte>.Empty), Stop);
    }

    [Fact]
    public async Task Beats_keep_an_idle_connection_with_a_broker_that_gives_up_after_one_and_a_half_times()
    {
        await using var client = await StompClient.ConnectAsync(
            new() { Host = "127.0.0.1", Port = broker.Server.StompPort, HeartbeatSend = TimeSpan.FromSeconds(1), HeartbeatReceive = TimeSpan.FromSeconds(1) }, null, Stop);
        // What is waited for is that nothing happens.
        var silence = await Record.ExceptionAsync(async () => Assert.Fail($"{await client.Lost.WaitAsync(TimeSpan.FromSeconds(4), Stop)}"));
        Assert.True(silence is TimeoutException, silence?.Message);
        await client.RequestAsync(StompFrames.Send("/queue/idle", "x"u8.ToArray()), Stop);
    }

    private static StompSubscriptionOptions Queue(string name) => new() { Id = name, Destination = "/queue/" + name, AckMode = StompAckMode.ClientIndividual };

    private void Take(StompFrame message) => _received.Writer.TryWrite(message);

    private Task<StompClient> ConnectAsync() => StompClient.ConnectAsync(new() { Host = "127.0.0.1", Port = broker.Server.StompPort }, null, Stop);
}
