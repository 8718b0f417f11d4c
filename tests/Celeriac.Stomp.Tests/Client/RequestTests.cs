namespace Celeriac.Stomp.Tests.Client;

public sealed class RequestTests
{
    private static readonly StompFrame Frame = StompFrames.Send("/queue/a", "x"u8.ToArray());

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receipts_end_their_own_requests_in_any_order()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        Task[] requests = [client.RequestAsync(Frame, Stop), client.RequestAsync(Frame, Stop), client.RequestAsync(Frame, Stop)];
        StompFrame[] frames = [await server.ReadAsync("SEND"), await server.ReadAsync("SEND"), await server.ReadAsync("SEND")];

        await server.ConfirmAsync(frames[2]);
        await requests[2];
        Assert.False(requests[0].IsCompleted || requests[1].IsCompleted);
        await server.SendAsync(ScriptedServer.Receipt(frames[1]), ScriptedServer.Receipt(frames[0]));
        await Task.WhenAll(requests);

        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task Only_the_last_frame_of_a_request_asks_for_a_receipt()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var request = client.RequestAsync([StompFrames.Begin("t"), Frame, StompFrames.Commit("t")], Stop);
        Assert.Null((await server.ReadAsync("BEGIN")).Headers.Find("receipt"));
        Assert.Null((await server.ReadAsync("SEND")).Headers.Find("receipt"));
        await server.ConfirmAsync(await server.ReadAsync("COMMIT"));
        await request;
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task Frames_of_one_call_are_never_apart_and_every_request_of_many_is_answered()
    {
        const int callers = 50;
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var requests = Enumerable.Range(0, callers).Select(caller => Task.Run(
            async () =>
            {
                for (var turn = 0; turn < 20; turn++)
                {
                    await client.RequestAsync([StompFrames.Begin($"{caller}"), StompFrames.Commit($"{caller}")], Stop);
                }
            },
            Stop)).ToArray();
        for (var turn = 0; turn < callers * 20; turn++)
        {
            var begin = await server.ReadAsync("BEGIN");
            var commit = await server.ReadAsync("COMMIT");
            Assert.Equal(begin.Headers.Find("transaction"), commit.Headers.Find("transaction"));
            await server.ConfirmAsync(commit);
        }
        await Task.WhenAll(requests);
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task An_ERROR_fails_its_request_with_the_server_s_words_and_the_others_with_an_unknown_outcome()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        var first = client.RequestAsync(Frame, Stop);
        var second = client.RequestAsync(Frame, Stop);
        await server.ReadAsync("SEND");
        var receipt = (await server.ReadAsync("SEND")).Headers.Find("receipt")!;
        await server.SendAsync(new StompFrame("ERROR", [new("receipt-id", receipt), new("message", "not allowed")], "because"u8.ToArray()));

        Assert.Equal("not allowed", (await Assert.ThrowsAsync<StompErrorException>(() => second)).ServerMessage);
        server.Close();
        var other = await Assert.ThrowsAsync<StompConnectionException>(() => first);
        Assert.True(other.MayHaveBeenSent);
        Assert.Contains("may have done it or not. The server answered ERROR: 'not allowed' (because).", other.Message, StringComparison.Ordinal);
        Assert.IsType<StompErrorException>(await client.Lost);
        Assert.Null(await server.ReadTextAsync());
    }

    [Fact]
    public async Task A_connection_that_the_server_leaves_open_after_an_ERROR_goes_on()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        var refused = client.RequestAsync(Frame, Stop);
        var receipt = (await server.ReadAsync("SEND")).Headers.Find("receipt")!;
        await server.SendAsync(new StompFrame("ERROR", [new("receipt-id", receipt), new("message", "not allowed")]));
        await Assert.ThrowsAsync<StompErrorException>(() => refused);
        var next = client.RequestAsync(Frame, Stop);
        await server.ConfirmAsync(await server.ReadAsync("SEND"));
        await next;
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_long_ERROR_is_cut()
    {
        var error = new StompErrorException(new StompFrame("ERROR", [new("message", new string('m', 5000))], new byte[1 << 20]));
        Assert.Equal(1025, error.ServerMessage.Length);
        Assert.InRange(error.Details.Length, 8192, 8193);
        Assert.InRange(error.Message.Length, 1, 2000);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_connection_that_is_lost_fails_what_is_under_way_and_what_comes_later()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        var request = client.RequestAsync(Frame, Stop);
        await server.ReadAsync("SEND");
        server.Close();

        var unknown = await Assert.ThrowsAsync<StompConnectionException>(() => request);
        Assert.True(unknown.MayHaveBeenSent);
        Assert.Contains("closed the connection", Assert.IsType<StompConnectionException>(await client.Lost).Message, StringComparison.Ordinal);
        Assert.False((await Assert.ThrowsAsync<StompConnectionException>(() => client.RequestAsync(Frame, Stop))).MayHaveBeenSent);
        Assert.False((await Assert.ThrowsAsync<StompConnectionException>(async () => await client.WriteAsync(Frame, Stop))).MayHaveBeenSent);
    }

    [Fact]
    public async Task A_connection_lost_inside_a_frame_says_so()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        await server.SendBytesAsync("MESSAGE\nsubscription:1\n"u8.ToArray());
        server.Close();
        Assert.Contains("in the middle of a frame", (await client.Lost)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_caller_s_token_ends_the_wait_and_not_the_connection()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        using var patience = new CancellationTokenSource();
        var request = client.RequestAsync(Frame, patience.Token);
        var given = await server.ReadAsync("SEND");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        await server.ConfirmAsync(given);
        var next = client.RequestAsync(Frame, Stop);
        await server.ConfirmAsync(await server.ReadAsync("SEND"));
        await next;
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_refused_frame_sends_nothing_of_its_call_and_the_connection_goes_on()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        var tooLong = StompFrames.Send("/queue/a", default, [new("big", new string('x', 9000))]);
        var fault = await Assert.ThrowsAsync<StompRefusedException>(() => client.RequestAsync([StompFrames.Begin("t"), tooLong], Stop));
        Assert.Contains("'big'", fault.Message, StringComparison.Ordinal);
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task Something_that_is_no_STOMP_ends_the_connection_with_the_reason()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        var request = client.RequestAsync(Frame, Stop);
        await server.ReadAsync("SEND");
        await server.SendBytesAsync("RECEIPT\nreceipt-id:\\x\n\n\0"u8.ToArray());
        await Assert.ThrowsAsync<StompConnectionException>(() => request);
        Assert.IsType<StompProtocolException>(await client.Lost);
    }

    [Fact]
    public async Task A_client_s_frame_from_the_server_ends_the_connection()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        await server.SendAsync(Frame);
        Assert.Contains("sent a SEND frame", Assert.IsType<StompProtocolException>(await client.Lost).Message, StringComparison.Ordinal);
    }
}
