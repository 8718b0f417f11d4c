namespace Celeriac.Stomp.Tests.Client;

public sealed class WritingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static StompFrame Big(int number) => StompFrames.Send("/queue/a", new byte[8 << 20], [new("number", $"{number}")]);

    [Fact]
    public async Task A_full_buffer_holds_callers_back_in_their_order()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        // The server does not read, so the first stays in the buffer and the others wait for room.
        await client.WriteAsync(Big(0), Stop);
        var writes = Enumerable.Range(1, 5).Select(number => client.WriteAsync(Big(number), Stop).AsTask()).ToList();
        Assert.All(writes, write => Assert.False(write.IsCompleted));
        for (var number = 0; number <= 5; number++)
        {
            Assert.Equal($"{number}", (await server.ReadAsync("SEND")).Headers.Find("number"));
        }
        await Task.WhenAll(writes);
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_caller_that_gives_up_waiting_for_room_sends_nothing()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        await client.WriteAsync(Big(0), Stop);
        using var patience = new CancellationTokenSource();
        var given = client.WriteAsync(Big(1), patience.Token).AsTask();
        var request = client.RequestAsync(Big(2), patience.Token);
        var kept = client.WriteAsync(Big(3), Stop).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        Assert.Equal("0", (await server.ReadAsync("SEND")).Headers.Find("number"));
        Assert.Equal("3", (await server.ReadAsync("SEND")).Headers.Find("number"));
        await kept;
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task A_caller_that_waits_for_room_hears_that_the_connection_is_lost()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        await client.WriteAsync(Big(0), Stop);
        var write = client.WriteAsync(Big(1), Stop).AsTask();
        server.Close();
        Assert.False((await Assert.ThrowsAsync<StompConnectionException>(() => write)).MayHaveBeenSent);
    }

    [Fact]
    public async Task What_was_handed_over_is_sent_though_its_list_changes()
    {
        await using var server = new ScriptedServer();
        var client = await server.ConnectAsync();
        await client.WriteAsync(Big(0), Stop);
        var frames = new List<StompFrame> { StompFrames.Begin("a"), StompFrames.Begin("b") };
        var write = client.WriteAsync(frames, Stop).AsTask();
        frames.Clear();
        await server.ReadAsync("SEND");
        await write;
        Assert.Equal("a", (await server.ReadAsync("BEGIN")).Headers.Find("transaction"));
        Assert.Equal("b", (await server.ReadAsync("BEGIN")).Headers.Find("transaction"));
        await Task.WhenAll(client.DisposeAsync().AsTask(), server.FarewellAsync());
    }

    [Fact]
    public async Task No_frames_are_no_call()
    {
        await using var server = new ScriptedServer();
        await using var client = await server.ConnectAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await client.WriteAsync([], Stop));
        server.Close();
    }
}
