namespace Celeriac.Stomp.Tests.Client;

public sealed class HeartbeatTests
{
    private readonly FakeClock _clock = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(5, 0, 0)]
    [InlineData(0, 5, 0)]
    [InlineData(5, 7, 7)]
    [InlineData(7, 5, 7)]
    public void Both_sides_agree_on_the_longer_time_or_on_none(int one, int other, int agreed) =>
        Assert.Equal(TimeSpan.FromSeconds(agreed), Heartbeats.Agree(TimeSpan.FromSeconds(one), TimeSpan.FromSeconds(other)));

    [Fact]
    public async Task An_idle_client_shows_in_time_that_it_lives()
    {
        await using var server = new ScriptedServer();
        await using var client = await ConnectAsync(server, "0,10000");
        for (var beat = 0; beat < 3; beat++)
        {
            _clock.Advance(TimeSpan.FromSeconds(7.5));
            Assert.Equal("\n", await server.ReadTextAsync());
        }
        server.Close();
        await client.Lost;
    }

    [Fact]
    public async Task A_client_that_has_sent_something_need_not_beat()
    {
        await using var server = new ScriptedServer();
        await using var client = await ConnectAsync(server, "0,10000");
        _clock.Advance(TimeSpan.FromSeconds(5));
        await client.WriteAsync(StompFrames.Begin("a"), Stop);
        await server.ReadAsync("BEGIN");
        _clock.Advance(TimeSpan.FromSeconds(7));
        await client.WriteAsync(StompFrames.Begin("b"), Stop);
        Assert.StartsWith("BEGIN", await server.ReadTextAsync(), StringComparison.Ordinal);
        server.Close();
        await client.Lost;
    }

    [Fact]
    public async Task A_server_that_is_silent_for_three_times_the_time_is_given_up_in_words()
    {
        await using var server = new ScriptedServer();
        await using var client = await ConnectAsync(server, "5000,0");
        var request = client.RequestAsync(StompFrames.Begin("a"), Stop);
        await server.ReadAsync("BEGIN");
        _clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(client.Lost.IsCompleted);
        // What the loop has seen last may be as late as now, so the whole time passes once more.
        _clock.Advance(TimeSpan.FromSeconds(30));
        var reason = Assert.IsType<StompConnectionException>(await client.Lost);
        Assert.Contains("has sent nothing for", reason.Message, StringComparison.Ordinal);
        Assert.Contains("every 10 seconds", reason.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StompConnectionException>(() => request);
    }

    [Fact]
    public async Task A_server_that_beats_is_kept()
    {
        await using var server = new ScriptedServer();
        await using var client = await ConnectAsync(server, "5000,0");
        for (var beat = 0; beat < 10; beat++)
        {
            _clock.Advance(TimeSpan.FromSeconds(25));
            var request = client.RequestAsync(StompFrames.Begin("a"), Stop);
            await server.SendBytesAsync("\n"u8.ToArray());
            await server.ConfirmAsync(await server.ReadAsync("BEGIN"));
            await request;
        }
        Assert.False(client.Lost.IsCompleted);
        server.Close();
        await client.Lost;
    }

    [Fact]
    public async Task Without_an_agreement_silence_means_nothing()
    {
        await using var server = new ScriptedServer();
        await using var client = await ConnectAsync(server, "0,0");
        _clock.Advance(TimeSpan.FromDays(1));
        var request = client.RequestAsync(StompFrames.Begin("a"), Stop);
        await server.ConfirmAsync(await server.ReadAsync("BEGIN"));
        await request;
        server.Close();
        await client.Lost;
    }

    private Task<StompClient> ConnectAsync(ScriptedServer server, string heartbeat) =>
        server.ConnectAsync(
            new() { Host = "127.0.0.1", Port = server.Port, HeartbeatSend = TimeSpan.FromSeconds(10), HeartbeatReceive = TimeSpan.FromSeconds(10) }, _clock, heartbeat);
}
