using System.Globalization;
using Celeriac.Messaging;
using RabbitMQ.Client;

namespace Celeriac.Amqp.Tests;

/// <summary>The connection of our own against a real server, with RabbitMQ.Client at the other end. All other facts run on it where CELERIAC_AMQP_CLIENT=celeriac.</summary>
public sealed class OwnClientTests : AmqpTest
{
    [Fact]
    public async Task What_is_published_is_what_the_library_reads_and_nothing_foreign_is_in_it()
    {
        var transport = OpenShared("?client=celeriac");
        var queue = await DeclareAsync(transport);
        await transport.PublishAsync(Publication.ToQueue(queue, Text("body") with { Priority = 3, CorrelationId = "id", Headers = MessageHeaders.Empty.With("retries", 2) }), Cancelled);
        await using var connection = await LibraryAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancelled);
        var got = Assert.IsType<BasicGetResult>(await channel.BasicGetAsync(queue, autoAck: true, Cancelled));
        Assert.Equal("body"u8.ToArray(), got.Body.ToArray());
        Assert.Equal(("id", (byte)3, "retries"), (got.BasicProperties.CorrelationId, got.BasicProperties.Priority, Assert.Single(got.BasicProperties.Headers!).Key));
    }

    [Fact]
    public async Task What_the_library_publishes_is_received_and_settled()
    {
        var transport = OpenShared("?client=celeriac");
        var queue = await DeclareAsync(transport);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        await using var connection = await LibraryAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancelled);
        await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { MessageId = "m", Headers = new Dictionary<string, object?> { ["n"] = 7 } }, "work"u8.ToArray(), Cancelled);
        var delivery = await ReceiveAsync(subscription);
        Assert.Equal(("work", "m", 7L), (TextOf(delivery), delivery.Message.MessageId, delivery.Message.Headers["n"].AsLong()));
        Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
    }

    [Fact]
    public async Task A_body_of_many_frames_comes_back_as_it_was_while_others_publish()
    {
        var transport = OpenShared("?client=celeriac");
        var queue = await DeclareAsync(transport);
        var body = new byte[5_000_000];
        Random.Shared.NextBytes(body);
        var sending = Enumerable.Range(0, 50).Select(number => SendAsync(transport, queue, number.ToString(CultureInfo.InvariantCulture)).AsTask());
        await Task.WhenAll([.. sending, transport.PublishAsync(Publication.ToQueue(queue, new Message { Body = body }), Cancelled).AsTask()]);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]) { Prefetch = 100 }, Cancelled);
        var received = new List<byte[]>();
        while (received.Count < 51)
        {
            received.Add((await ReceiveAsync(subscription)).Message.Body.ToArray());
        }
        Assert.Equal(body, Assert.Single(received, each => each.Length > 2));
    }

    [Fact]
    public async Task What_reaches_no_queue_is_refused_and_what_follows_is_not()
    {
        var transport = OpenShared("?client=celeriac");
        var queue = await DeclareAsync(transport);
        await Assert.ThrowsAsync<UnroutableException>(() => SendAsync(transport, NameOf("nowhere"), "x").AsTask());
        await SendAsync(transport, queue, "x");
        Assert.Equal(1, (await transport.CountAsync(queue, Cancelled))!.Ready);
    }

    [Theory]
    [InlineData("?client=celeriac", "refused user 'guest'")]
    [InlineData("?client=celeriac&auth=external", "login by certificate")]
    public async Task A_login_that_is_refused_is_said_in_words(string options, string words)
    {
        var transport = Open(SharedServer.Server.AmqpUrl.Replace("guest:guest", "guest:secret-word", StringComparison.Ordinal) + options);
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.ConnectAsync(Cancelled).AsTask());
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_speaks_tls_and_trusts_only_whom_it_shall()
    {
        var trusting = Open($"{SharedServer.Server.AmqpsUrl}?client=celeriac&ca={Uri.EscapeDataString(SharedServer.Server.AuthorityFile)}");
        await SendAsync(trusting, await DeclareAsync(trusting), "secret");
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => Open(SharedServer.Server.AmqpsUrl + "?client=celeriac").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("TLS", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<IConnection> LibraryAsync() => new ConnectionFactory { Uri = new Uri(SharedServer.Server.AmqpUrl.TrimEnd('/')) }.CreateConnectionAsync(Cancelled);
}
