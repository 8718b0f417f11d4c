namespace Celeriac.Stomp.Tests.Client;

public sealed class DisposingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orderly_end_has_no_reason_and_confirms_what_was_sent()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var request = client.RequestAsync(StompFrames.Begin("a"), Stop);
        var disposing = client.DisposeAsync().AsTask();
        var begin = await server.ReadAsync("BEGIN");
        var disconnect = await server.ReadAsync("DISCONNECT");
        await server.SendAsync(ScriptedServer.Receipt(begin), ScriptedServer.Receipt(disconnect));
        await request;
        await disposing;
        Assert.Null(await client.Lost);
        Assert.Null(await server.ReadTextAsync());
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_left_after_two_seconds_and_requests_fail()
    {
        var clock = new FakeClock();
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync(time: clock);
        var request = client.RequestAsync(StompFrames.Begin("a"), Stop);
        var disposing = client.DisposeAsync().AsTask();
        await server.ReadAsync("BEGIN");
        await server.ReadAsync("DISCONNECT");
        clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(disposing.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        await disposing;
        var fault = await Assert.ThrowsAsync<StompConnectionException>(() => request);
        Assert.Contains("may have done it or not. The connection to", fault.Message, StringComparison.Ordinal);
        Assert.Contains("was closed by this process", fault.Message, StringComparison.Ordinal);
        Assert.Null(await client.Lost);
    }

    [Fact]
    public async Task A_server_that_does_not_read_is_left_after_two_seconds_too()
    {
        var clock = new FakeClock();
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync(time: clock);
        await client.WriteAsync(StompFrames.Send("/queue/a", new byte[32 << 20]), Stop);
        var waiting = client.WriteAsync(StompFrames.Begin("a"), Stop).AsTask();
        var disposing = client.DisposeAsync().AsTask();
        clock.Advance(TimeSpan.FromSeconds(2));
        await disposing;
        Assert.False((await Assert.ThrowsAsync<StompConnectionException>(() => waiting)).MayHaveBeenSent);
    }

    [Fact]
    public async Task A_server_that_closes_instead_of_confirming_is_an_orderly_end_too()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var disposing = client.DisposeAsync().AsTask();
        await server.ReadAsync("DISCONNECT");
        server.Close();
        await disposing;
        Assert.Null(await client.Lost);
    }

    [Fact]
    public async Task Disposing_twice_waits_for_the_same_end()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var first = client.DisposeAsync().AsTask();
        var second = client.DisposeAsync().AsTask();
        Assert.False(second.IsCompleted);
        await server.FarewellAsync();
        await Task.WhenAll(first, second);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task A_disposed_client_takes_nothing_more()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
        var fault = await Assert.ThrowsAsync<StompConnectionException>(() => client.RequestAsync(StompFrames.Begin("a"), Stop));
        Assert.False(fault.MayHaveBeenSent);
        Assert.Contains("was closed by this process", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_connection_is_disposed_at_once_and_keeps_its_reason()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        server.Close();
        Assert.NotNull(await client.Lost);
        await client.DisposeAsync();
        Assert.NotNull(await client.Lost);
    }
}
