using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Celeriac.Brokers.Tests;

public sealed class ServerTests(RabbitMqFixture rabbit, ActiveMqFixture active, RedisFixture redis)
{
    [Fact]
    public async Task RabbitMq_keeps_what_was_sent_over_a_restart_and_over_its_death()
    {
        var server = rabbit.Server;
        await KeepsAsync(server, server.StompPort, server.RestartAsync);
        await KeepsAsync(server, server.StompPort, server.KillAsync);
    }

    [Fact]
    public async Task ActiveMq_keeps_what_was_sent_over_a_restart_and_over_its_death()
    {
        var server = active.Server;
        await KeepsAsync(server, server.StompPort, server.RestartAsync);
        await KeepsAsync(server, server.StompPort, server.KillAsync);
    }

    [Fact]
    public async Task Redis_keeps_what_was_written_over_a_restart_and_over_its_death()
    {
        var server = redis.Server;
        await server.ControlAsync("SET", "kept", "1");
        await server.RestartAsync();
        Assert.Equal("1", await server.ControlAsync("GET", "kept"));
        await server.ControlAsync("SET", "kept", "2");
        await server.KillAsync();
        await server.RestartAsync();
        Assert.Equal("2", await server.ControlAsync("GET", "kept"));
    }

    [Fact]
    public async Task A_frozen_broker_answers_nothing_until_it_is_thawed()
    {
        var server = active.Server;
        using var client = await Stomp.ConnectAsync(server.StompPort);

        await server.FreezeAsync();
        var published = client.PublishAsync("frozen", "x");
        await Assert.ThrowsAsync<TimeoutException>(() => published.WaitAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken));
        await server.ThawAsync();

        await published;
    }

    [Fact]
    public async Task Rabbitmqctl_speaks_to_the_server()
    {
        var server = rabbit.Server;
        using var client = await Stomp.ConnectAsync(server.StompPort);
        await client.PublishAsync("counted", "x");

        Assert.Contains("counted\t1", await server.ControlAsync("list_queues", "name", "messages"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_rabbitmqctl_does_not_know_fails_with_its_words()
    {
        var server = rabbit.Server;

        var error = await Assert.ThrowsAsync<BrokerException>(() => server.ControlAsync("dance"));

        Assert.Contains("'rabbitmqctl dance' ended with exit code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ActiveMq_speaks_TLS_with_a_certificate_that_its_authority_signed()
    {
        var server = active.Server;
        var port = new Uri(server.StompTlsUrl.Replace("stomp+ssl", "https", StringComparison.Ordinal)).Port;
        using var client = await Stomp.ConnectAsync(port, server.AuthorityFile);

        await client.PublishAsync("secret", "x");
    }

    [Fact]
    public async Task RabbitMq_speaks_TLS_with_a_certificate_that_its_authority_signed()
    {
        var server = rabbit.Server;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(server.AmqpsUrl).Port, TestContext.Current.CancellationToken);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(server.AuthorityFile);
        await using var secure = new SslStream(client.GetStream());

        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", CertificateChainPolicy = policy }, TestContext.Current.CancellationToken);

        Assert.True(secure.IsEncrypted);
    }

    [Fact]
    public async Task A_start_that_fails_says_what_the_broker_logged()
    {
        Assert.True(rabbit.Server.ProcessId > 0);

        var error = await Assert.ThrowsAsync<BrokerException>(() => RabbitMqServer.StartAsync(new RabbitMqOptions { ExtraConfiguration = "no_such_setting = 1" }));

        Assert.True(error.Message.Contains("no_such_setting", StringComparison.Ordinal), error.Message);
    }

    private static async Task KeepsAsync(BrokerServer server, int port, Func<Task> end)
    {
        using (var client = await Stomp.ConnectAsync(port))
        {
            await client.PublishAsync("kept", "precious");
        }
        await end();
        if (end.Method.Name == nameof(BrokerServer.KillAsync))
        {
            await server.RestartAsync();
        }
        using var again = await Stomp.ConnectAsync(port);
        Assert.Equal("precious", await again.ConsumeAsync("kept"));
    }
}
