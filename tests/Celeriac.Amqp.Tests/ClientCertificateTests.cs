using Celeriac.Brokers;
using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

/// <summary>A server that talks only to clients with a certificate of an authority that it knows.</summary>
public sealed class StrictServer : IAsyncLifetime
{
    private readonly ClientAuthority _clients = new();
    private RabbitMqServer? _server;

    /// <summary>The server; where RabbitMQ is not installed, the shared one says so.</summary>
    internal RabbitMqServer Server => _server ?? SharedServer.Server;

    internal ClientAuthority Clients => _clients;

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await RabbitMqServer.StartAsync(new RabbitMqOptions
            {
                Tls = true,
                Plugins = ["rabbitmq_auth_mechanism_ssl"],
                ExtraConfiguration = $"""
                    ssl_options.cacertfile = {_clients.File}
                    ssl_options.verify = verify_peer
                    ssl_options.fail_if_no_peer_cert = true
                    ssl_cert_login_from = common_name
                    auth_mechanisms.1 = PLAIN
                    auth_mechanisms.2 = EXTERNAL
                    """,
            });
        }
        catch (BrokerNotInstalledException)
        {
            // The shared server says so, to each test.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _clients.Dispose();
        await (_server?.DisposeAsync() ?? default);
    }
}

/// <summary>Certificates of clients: instead of a password, beside one, and missing.</summary>
public sealed class ClientCertificateTests(StrictServer strict) : AmqpTest, IClassFixture<StrictServer>
{
    [Fact]
    public async Task A_certificate_logs_in_the_user_that_it_names()
    {
        var user = NameOf("worker");
        await strict.Server.ControlAsync("add_user", user, "never used");
        await strict.Server.ControlAsync("set_permissions", user, ".*", ".*", ".*");
        var transport = Open(Url("auth=external", strict.Clients.Issue(user)));
        await SendAsync(transport, await DeclareAsync(transport), "text");
        Assert.Contains(user, await strict.Server.ControlAsync("list_connections", "user"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_whose_user_does_not_exist_is_refused_in_words()
    {
        var refusal = await RefusalAsync(Url("auth=external", strict.Clients.Issue("stranger")));
        Assert.Contains("refused the login by certificate", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_may_be_shown_beside_a_password()
    {
        var transport = Open(Url("auth=plain", strict.Clients.Issue("anybody")));
        await SendAsync(transport, await DeclareAsync(transport), "text");
        Assert.Contains("guest", await strict.Server.ControlAsync("list_connections", "user"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_certificate_is_refused_with_the_option_that_names_one()
    {
        var refusal = await RefusalAsync(Url("auth=plain"));
        Assert.Contains("Name one that it trusts with client_certificate", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_an_authority_that_the_server_does_not_know_is_refused_with_the_option_that_names_it()
    {
        using var others = new ClientAuthority();
        var refusal = await RefusalAsync(Url("auth=plain", others.Issue("guest")));
        Assert.Contains("Name one that it trusts with client_certificate", refusal.Message, StringComparison.Ordinal);
    }

    private string Url(string options, string? certificate = null) =>
        $"{strict.Server.AmqpsUrl}?{options}&ca={Uri.EscapeDataString(strict.Server.AuthorityFile)}{(certificate is null ? "" : $"&client_certificate={Uri.EscapeDataString(certificate)}")}";

    private async Task<TransportException> RefusalAsync(string url) => await Assert.ThrowsAnyAsync<TransportException>(() => Open(url).ConnectAsync(Cancelled).AsTask());
}
