using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

public sealed class TlsTests : AmqpTest
{
    private static string Authority => Uri.EscapeDataString(SharedServer.Server.AuthorityFile);

    [Fact]
    public async Task A_server_whose_authority_is_named_is_trusted()
    {
        var transport = Open($"{SharedServer.Server.AmqpsUrl}?ca={Authority}");
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, "secret");
        Assert.Equal("secret", TextOf(Assert.IsType<Delivery>(await transport.GetAsync(queue, Cancelled))));
    }

    [Fact]
    public async Task A_server_with_an_unknown_certificate_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => Open(SharedServer.Server.AmqpsUrl).ConnectAsync(Cancelled).AsTask());
        Assert.Contains("TLS", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_another_name_is_refused() =>
        await Assert.ThrowsAsync<TransportRefusedException>(() => Open($"{SharedServer.Server.AmqpsUrl}?ca={Authority}&server_name=rabbit.example").ConnectAsync(Cancelled).AsTask());

    [Fact]
    public async Task Any_server_is_trusted_where_the_url_says_so() =>
        await Open($"{SharedServer.Server.AmqpsUrl}?verify=false").ConnectAsync(Cancelled);

    [Fact]
    public async Task A_file_that_does_not_exist_is_named()
    {
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => Open($"{SharedServer.Server.AmqpsUrl}?ca=nowhere.pem").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("nowhere.pem", refusal.Message, StringComparison.Ordinal);
    }
}
