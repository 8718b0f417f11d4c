using Celeriac.Brokers;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Redis.Tests;

public sealed class ConnectingTests : RedisTest
{
    private static string Authority => Uri.EscapeDataString(Server.AuthorityFile);

    [Theory]
    [InlineData("?ca={0}")]
    [InlineData("?ssl_cert_reqs=required&ssl_ca_certs={0}")]
    [InlineData("?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs={0}")]
    [InlineData("?ssl_cert_reqs=none")]
    [InlineData("?ssl_cert_reqs=CERT_NONE")]
    [InlineData("?verify=false")]
    public async Task Results_go_over_tls(string options) =>
        await RoundTripAsync(Open(Server.TlsUrl + options.Replace("{0}", Authority, StringComparison.Ordinal)));

    [Theory]
    [InlineData("")]
    [InlineData("?ssl_cert_reqs=required")]
    [InlineData("?ca={0}&server_name=redis.example")]
    public async Task A_server_that_is_not_trusted_is_refused(string options)
    {
        var store = Open(Server.TlsUrl + options.Replace("{0}", Authority, StringComparison.Ordinal));
        await Assert.ThrowsAsync<TransportRefusedException>(() => store.ConnectAsync(Cancelled).AsTask());
    }

    [Fact]
    public async Task A_certificate_that_does_not_exist_is_named()
    {
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => Open($"{Server.TlsUrl}?ssl_ca_certs=nowhere.pem").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("nowhere.pem", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_go_over_a_unix_socket()
    {
        var id = await RoundTripAsync(Open($"{Server.SocketUrl}?virtual_host=2"));
        Assert.Equal("1", await Server.ControlAsync("-n", "2", "EXISTS", KeyOf(id)));
    }

    [Fact]
    public async Task The_password_opens_and_a_wrong_one_or_none_is_refused_without_being_told()
    {
        await using var locked = await RedisServer.StartAsync(new Brokers.RedisOptions { Password = "open-sesame" });
        await RoundTripAsync(Open(locked.Url));
        await RoundTripAsync(Open(locked.SocketUrl));

        var wrong = Open(locked.Url.Replace("open-sesame", "close-sesame", StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => wrong.ConnectAsync(Cancelled).AsTask());
        Assert.Contains("WRONGPASS", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", refusal.ToString(), StringComparison.Ordinal);
        Assert.Equal(ConnectionState.Closed, wrong.Health?.State);

        var none = Open(locked.Url.Replace(":open-sesame@", "", StringComparison.Ordinal));
        await Assert.ThrowsAsync<TransportRefusedException>(() => none.ReadAsync("x", Cancelled).AsTask());
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_in_a_sentence_and_in_time()
    {
        var store = Open($"redis://127.0.0.1:{FreePorts.Find(1)[0]}/?publish_timeout=300ms");
        var error = await Assert.ThrowsAsync<TransportException>(() => store.WaitAsync("x", Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancelled));
        Assert.Contains("is not connected: Connection refused.", error.Message, StringComparison.Ordinal);
        Assert.Contains("Connection refused", store.Health?.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waits_and_writes_go_on_after_a_restart_of_the_server()
    {
        await using var server = await RedisServer.StartAsync();
        var store = Open($"{server.Url}?reconnect_delay=20ms&reconnect_delay_max=200ms");
        var ids = Enumerable.Range(0, 20).Select(_ => NewId()).ToArray();
        var waits = ids.Select(id => store.WaitAsync(id, Cancelled).AsTask()).ToArray();
        await EventuallyAsync(async () => (await server.ControlAsync("PUBSUB", "CHANNELS")).Split('\n').Length == ids.Length);
        await server.KillAsync();
        await server.RestartAsync();
        foreach (var id in ids)
        {
            await server.ControlAsync("SET", KeyOf(id), $$"""{"status": "SUCCESS", "result": 1, "task_id": "{{id}}"}""");
        }
        Assert.All(await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(30), Cancelled), record => Assert.Equal(TaskStates.Success, record.Status));
        await RoundTripAsync(store);
        Assert.Equal(ConnectionState.Connected, store.Health?.State);
        await EventuallyAsync(async () => (await server.ControlAsync("PUBSUB", "CHANNELS")).Length == 0);
    }

    [Fact]
    public async Task A_write_to_a_server_that_does_not_answer_fails_in_time()
    {
        await using var server = await RedisServer.StartAsync();
        var store = Open($"{server.Url}?publish_timeout=1s");
        await RoundTripAsync(store);
        await server.FreezeAsync();
        var error = await Assert.ThrowsAnyAsync<TransportException>(() => store.WriteAsync(RecordOf("x"), null, Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancelled));
        Assert.Contains("did not answer", error.Message, StringComparison.Ordinal);
        await server.ThawAsync();
        await EventuallyAsync(async () => await Record.ExceptionAsync(() => RoundTripAsync(store)) is null);
    }

    [Fact]
    public async Task A_full_server_is_told_as_one_that_may_serve_later()
    {
        await using var server = await RedisServer.StartAsync(new Brokers.RedisOptions { ExtraConfiguration = "maxmemory 1mb" });
        var store = Open($"{server.Url}?publish_timeout=200ms");
        var error = await Assert.ThrowsAsync<TransportException>(() => store.WriteAsync(RecordOf("x"), null, Cancelled).AsTask());
        Assert.Contains("OOM", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_who_may_not_write_is_refused()
    {
        await using var server = await RedisServer.StartAsync();
        await server.ControlAsync("ACL", "SETUSER", "reader", "on", ">secret", "allkeys", "allchannels", "+@all", "-@scripting");
        var store = Open(server.Url.Replace("redis://", "redis://reader:secret@", StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => store.WriteAsync(RecordOf("x"), null, Cancelled).AsTask());
        Assert.Contains("NOPERM", refusal.Message, StringComparison.Ordinal);
        Assert.Null(await store.ReadAsync("x", Cancelled));
    }

    private static async Task<string> RoundTripAsync(IResultStore store)
    {
        var id = NewId();
        var waiting = store.WaitAsync(id, Cancelled).AsTask();
        await store.WriteAsync(RecordOf(id), null, Cancelled);
        Assert.Equal(id, (await waiting).TaskId);
        return id;
    }
}
