using Celeriac.Messaging;

namespace Celeriac.Stomp.Tests;

/// <summary>Getting in: certificates and passwords.</summary>
public sealed class LoginTests : StompTest
{
    [Fact(Timeout = Limit)]
    public async Task A_server_whose_authority_is_named_is_trusted()
    {
        var server = await ActiveMqAsync();
        var transport = Open($"{server.StompTlsUrl}?ca={Uri.EscapeDataString(server.AuthorityFile)}");
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, "secret");
        Assert.Equal(["secret"], await DrainAsync(transport, queue));
    }

    [Fact(Timeout = Limit)]
    public async Task A_server_with_an_unknown_certificate_is_refused_in_words_without_the_password()
    {
        var url = (await ActiveMqAsync()).StompTlsUrl.Replace("stomp+ssl://", "stomp+ssl://somebody:hidden-word@", StringComparison.Ordinal);
        var failure = await Assert.ThrowsAnyAsync<TransportException>(() => Open(url).ConnectAsync(Cancelled).AsTask());
        Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
        Assert.Contains("certificate", failure.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hidden-word", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Another_authority_is_refused()
    {
        var (server, other) = (await ActiveMqAsync(), await RabbitMqAsync());
        var failure = await Assert.ThrowsAnyAsync<TransportException>(
            () => Open($"{server.StompTlsUrl}?ca={Uri.EscapeDataString(other.AuthorityFile)}").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_file_that_does_not_exist_is_named()
    {
        var server = await ActiveMqAsync();
        var failure = await Record.ExceptionAsync(() => Open($"{server.StompTlsUrl}?ca=nowhere.pem").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("nowhere.pem", failure!.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task Any_server_is_trusted_where_the_url_says_so() =>
        await Open($"{(await ActiveMqAsync()).StompTlsUrl}?verify=false").ConnectAsync(Cancelled);

    [Fact(Timeout = Limit)]
    public async Task A_wrong_password_is_refused_in_words_that_do_not_hold_it()
    {
        var url = (await RabbitMqAsync()).StompUrl.Replace("guest:guest", "guest:hidden-word", StringComparison.Ordinal);
        var transport = Open(url);
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.ConnectAsync(Cancelled).AsTask());
        Assert.Contains("Access refused for user 'guest'", refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("hidden-word", $"{refusal} {transport.Name} {transport.Health}", StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task A_publisher_with_a_wrong_password_is_told_at_once()
    {
        var transport = Open((await RabbitMqAsync()).StompUrl.Replace("guest:guest", "guest:hidden-word", StringComparison.Ordinal) + "?publish_timeout=60s");
        var failure = await Assert.ThrowsAnyAsync<TransportException>(() => SendAsync(transport, "queue", "x").AsTask().WaitAsync(Patience, Cancelled));
        Assert.DoesNotContain("hidden-word", failure.ToString(), StringComparison.Ordinal);
    }
}
