using System.Threading.Channels;

namespace Celeriac.Stomp.Tests.Client;

public sealed class SubscriptionTests
{
    private readonly Channel<string> _received = Channel.CreateUnbounded<string>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static StompSubscriptionOptions Subscription => new() { Id = "s", Destination = "/queue/a", AckMode = StompAckMode.ClientIndividual, Headers = [new("prefetch", "1")] };

    [Fact]
    public async Task Messages_reach_their_handler_even_before_the_receipt()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var subscribing = client.SubscribeAsync(Subscription, Take, Stop);
        var subscribe = await server.ReadAsync("SUBSCRIBE");
        await server.SendAsync(ScriptedServer.Message("s", "one"), ScriptedServer.Message("s", "two"));
        Assert.Equal("one", await _received.Reader.ReadAsync(Stop));
        Assert.False(subscribing.IsCompleted);
        await server.ConfirmAsync(subscribe);
        await subscribing;

        Assert.Equal("two", await _received.Reader.ReadAsync(Stop));
        Assert.Equal("SUBSCRIBE|id=s|destination=/queue/a|ack=client-individual|prefetch=1|receipt=1|", Wire.Show(subscribe));
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_handler_stays_until_its_subscription_is_confirmed_to_be_over()
    {
        await using var server = new ScriptedServer();
        var (client, unclaimed) = await SubscribedAsync(server);
        var leaving = client.UnsubscribeAsync("s", cancellationToken: Stop);
        var unsubscribe = await server.ReadAsync("UNSUBSCRIBE");
        Assert.Equal("s", unsubscribe.Headers.Find("id"));
        await server.SendAsync(ScriptedServer.Message("s", "late"));
        Assert.Equal("late", await _received.Reader.ReadAsync(Stop));
        await server.ConfirmAsync(unsubscribe);
        await leaving;

        await server.SendAsync(ScriptedServer.Message("s", "too late"));
        Assert.Equal("too late", await unclaimed.ReadAsync(Stop));
        Assert.Equal(1, client.UnclaimedMessages);
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_handler_that_fails_ends_the_connection_with_the_reason()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        var subscribing = client.SubscribeAsync(Subscription, _ => throw new FormatException("not mine"), Stop);
        await server.ConfirmAsync(await server.ReadAsync("SUBSCRIBE"));
        await subscribing;
        await server.SendAsync(ScriptedServer.Message("s", "x"));
        var reason = Assert.IsType<StompConnectionException>(await client.Lost);
        Assert.Contains("the handler of subscription 's' failed: not mine", reason.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(reason.InnerException);
    }

    [Fact]
    public async Task A_subscription_s_name_is_taken_once_until_it_is_over()
    {
        await using var server = new ScriptedServer();
        var (client, _) = await SubscribedAsync(server);
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.SubscribeAsync(Subscription, Take, Stop));
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_subscription_that_was_never_sent_leaves_its_name_free()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        await Assert.ThrowsAsync<StompRefusedException>(() => client.SubscribeAsync(new() { Id = "s", Destination = "a\0" }, Take, Stop));
        var again = client.SubscribeAsync(Subscription, Take, Stop);
        await server.ConfirmAsync(await server.ReadAsync("SUBSCRIBE"));
        await again;
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_handler_may_write_and_dispose_without_a_deadlock()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        Task? disposing = null;
        var subscribing = client.SubscribeAsync(Subscription, message =>
        {
            disposing = WriteAndDisposeAsync(message.Headers.Find("ack")!);
            _received.Writer.TryWrite("done");
        }, Stop);
        await server.ConfirmAsync(await server.ReadAsync("SUBSCRIBE"));
        await subscribing;
        await server.SendAsync(ScriptedServer.Message("s", "x"));
        await server.ReadAsync("ACK");
        await server.FarewellAsync();
        await _received.Reader.ReadAsync(Stop);
        await disposing!;
        Assert.Null(await client.Lost);

        async Task WriteAndDisposeAsync(string ack)
        {
            await client.WriteAsync(StompFrames.Ack(ack), Stop);
            await client.DisposeAsync();
        }
    }

    private void Take(StompFrame message) => _received.Writer.TryWrite(message.GetBodyText());

    private async Task<(StompClient Client, ChannelReader<string> Unclaimed)> SubscribedAsync(ScriptedServer server)
    {
        var unclaimed = Channel.CreateUnbounded<string>();
        var client = await server.ConnectAsync(new()
        {
            Host = "127.0.0.1",
            Port = server.Port,
            OnUnclaimedMessage = message => unclaimed.Writer.TryWrite(message.GetBodyText()),
        });
        var subscribing = client.SubscribeAsync(Subscription, Take, Stop);
        await server.ConfirmAsync(await server.ReadAsync("SUBSCRIBE"));
        await subscribing;
        return (client, unclaimed.Reader);
    }
}
