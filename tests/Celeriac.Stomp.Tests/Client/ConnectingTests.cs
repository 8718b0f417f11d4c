using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Celeriac.Stomp.Tests.Client;

public sealed class ConnectingTests
{
    [Fact]
    public async Task CONNECT_says_who_and_how()
    {
        await using var server = new ScriptedServer();
        var connecting = StompClient.ConnectAsync(
            new() { Host = "127.0.0.1", Port = server.Port, Login = "me", Passcode = "a:b", VirtualHost = "/", HeartbeatSend = TimeSpan.FromSeconds(1), HeartbeatReceive = TimeSpan.Zero, ConnectHeaders = [new("client-id", "c")] },
            null, TestContext.Current.CancellationToken);
        var connect = await server.WelcomeAsync(new("server", "Script/1"), new("session", "s:1"), new("heart-beat", "0,3000"));
        await using var client = await connecting;

        Assert.Equal("CONNECT|accept-version=1.2|host=/|heart-beat=1000,0|login=me|passcode=a:b|client-id=c|", Wire.Show(connect));
        Assert.Equal(("Script/1", "s:1"), (client.Server, client.Session));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.Zero), (client.HeartbeatSend, client.HeartbeatReceive));
        server.Close();
    }

    [Theory]
    [InlineData("version:1.1\n", "speaks STOMP '1.1', and this client speaks 1.2 only")]
    [InlineData("", "speaks STOMP '1.0'")]
    public async Task A_server_of_an_older_version_is_refused_in_words(string headers, string expected)
    {
        var fault = await Assert.ThrowsAsync<StompProtocolException>(() => AnswerAsync($"CONNECTED\n{headers}\n\0"));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_has_the_server_s_words()
    {
        var fault = await Assert.ThrowsAsync<StompErrorException>(() => AnswerAsync("ERROR\nmessage:Bad CONNECT\n\nAccess refused for user 'me'\nat line 1\0"));
        Assert.Equal("The server answered ERROR: 'Bad CONNECT' (Access refused for user 'me').", fault.Message);
        Assert.Equal("Access refused for user 'me'\nat line 1", fault.Details);
    }

    [Theory]
    [InlineData("RECEIPT\nreceipt-id:1\n\n\0", "answered CONNECT with a RECEIPT frame")]
    [InlineData("CONNECTED\nversion:1.2\nheart-beat:x\n\n\0", "'heart-beat' header that is not two numbers")]
    [InlineData("220 mail.example.org ESMTP\r\n", "unknown command '220 mail.example.org ESMTP'")]
    public async Task An_answer_that_is_none_is_named(string answer, string expected) =>
        Assert.Contains(expected, (await Assert.ThrowsAsync<StompProtocolException>(() => AnswerAsync(answer))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_server_that_closes_instead_of_answering_is_named()
    {
        await using var server = new ScriptedServer();
        var connecting = StompClient.ConnectAsync(server.Options, null, TestContext.Current.CancellationToken);
        await server.AcceptAsync();
        await server.ReadAsync("CONNECT");
        server.Close();
        var fault = await Assert.ThrowsAsync<StompConnectionException>(() => connecting);
        Assert.Contains($"'127.0.0.1:{server.Port}' ended the connection before it answered CONNECT", fault.Message, StringComparison.Ordinal);
        Assert.False(fault.MayHaveBeenSent);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_with_the_caller_s_token()
    {
        await using var server = new ScriptedServer();
        using var patience = new CancellationTokenSource();
        var connecting = StompClient.ConnectAsync(server.Options, null, patience.Token);
        await server.AcceptAsync();
        await server.ReadAsync("CONNECT");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        Assert.Null(await server.ReadTextAsync());
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_named()
    {
        var server = new ScriptedServer();
        var options = server.Options;
        await server.DisposeAsync();
        var fault = await Assert.ThrowsAsync<StompConnectionException>(() => StompClient.ConnectAsync(options, null, TestContext.Current.CancellationToken));
        Assert.Contains($"Could not connect to '127.0.0.1:{options.Port}'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused()
    {
        foreach (var options in new StompClientOptions[] { new() { Port = 0 }, new() { MaximumHeaders = 0 }, new() { HeartbeatSend = TimeSpan.FromSeconds(-1) }, new() { HeartbeatReceive = TimeSpan.MaxValue } })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => StompClient.ConnectAsync(options, null, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task TLS_carries_the_connection_and_asks_for_the_host_s_name()
    {
        using var certificate = MakeCertificate();
        await using var server = new ScriptedServer { Certificate = certificate };
        string? asked = null;
        var tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (sender, shown, _, _) => (asked = ((SslStream)sender).TargetHostName) is not null && shown!.GetCertHashString() == certificate.GetCertHashString() };
        var client = await server.ConnectAsync(new() { Host = "localhost", Port = server.Port, Tls = tls });
        var request = client.RequestAsync(StompFrames.Send("/queue/a", new byte[200_000]), TestContext.Current.CancellationToken);
        var sent = await server.ReadAsync("SEND");
        await server.ConfirmAsync(sent);
        await request;
        Assert.Equal(200_000, sent.Body.Length);
        Assert.Equal("localhost", asked);
        Assert.Null(tls.TargetHost);
        server.Close();
        Assert.NotNull(await client.Lost);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_ends_the_attempt()
    {
        using var certificate = MakeCertificate();
        await using var server = new ScriptedServer { Certificate = certificate };
        var connecting = StompClient.ConnectAsync(new() { Host = "localhost", Port = server.Port, Tls = new() }, null, TestContext.Current.CancellationToken);
        var accepting = server.AcceptAsync();
        var fault = await Assert.ThrowsAsync<StompConnectionException>(() => connecting);
        Assert.Contains($"TLS with 'localhost:{server.Port}' failed", fault.Message, StringComparison.Ordinal);
        await Record.ExceptionAsync(() => accepting);
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private static async Task AnswerAsync(string answer)
    {
        await using var server = new ScriptedServer();
        var connecting = StompClient.ConnectAsync(server.Options, null, TestContext.Current.CancellationToken);
        await server.AcceptAsync();
        await server.ReadAsync("CONNECT");
        await server.SendBytesAsync(System.Text.Encoding.UTF8.GetBytes(answer));
        await using var client = await connecting;
    }
}
