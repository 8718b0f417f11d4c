using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

/// <summary>What RabbitMQ refuses, in words, and what it costs: nothing but the call.</summary>
public sealed class RefusalTests : AmqpTest
{
    [Fact]
    public async Task A_queue_that_differs_is_refused_with_what_differs()
    {
        var transport = OpenShared();
        await DeclareAsync(transport, shape: queue => queue with { MessageTimeToLive = TimeSpan.FromSeconds(5) });
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => DeclareAsync(transport, shape: queue => queue with { MessageTimeToLive = TimeSpan.FromSeconds(6) }));
        Assert.Equal($"Queue '{NameOf("queue")}' cannot be declared: it exists with other properties: x-message-ttl is '5000', asked for '6000'. Declare it alike, or delete it first.", refusal.Message);
    }

    [Fact]
    public async Task An_exchange_that_differs_is_refused_with_what_differs()
    {
        var transport = OpenShared();
        await transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration(NameOf("exchange"))] }, Cancelled);
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration(NameOf("exchange"), ExchangeType.Topic)] }, Cancelled).AsTask());
        Assert.Contains("type is 'direct', asked for 'topic'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_routing_key_beyond_255_bytes_is_refused_before_anything_is_sent()
    {
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => OpenShared().PublishAsync(new Publication(Text("x"), "", new string('k', 256)), Cancelled).AsTask());
        Assert.Contains("routing key", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("256 bytes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_beyond_a_frame_are_refused_and_the_connection_lives()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        var large = Text("x") with { Headers = MessageHeaders.Empty.With("large", new string('x', 140_000)) };
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.PublishAsync(Publication.ToQueue(queue, large), Cancelled).AsTask());
        Assert.Contains("headers", refusal.Message, StringComparison.Ordinal);
        await SendAsync(transport, queue, "next");
        Assert.Equal(ConnectionState.Connected, transport.Health.State);
    }

    [Fact]
    public async Task An_exchange_that_vanishes_costs_its_own_publications_only()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        var exchange = NameOf("exchange");
        await transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration(exchange)], Bindings = [new Binding(exchange, queue, "key")] }, Cancelled);
        await transport.PublishAsync(new Publication(Text("0"), exchange, "key"), Cancelled);
        await OpenShared().DeleteExchangeAsync(exchange, Cancelled);
        var publications = Enumerable.Range(1, 50).Select(number => number % 10 == 0 ? new Publication(Text($"{number}"), exchange, "key") : Publication.ToQueue(queue, Text($"{number}"))).ToArray();
        var failure = await Assert.ThrowsAsync<PublishException>(() => transport.PublishAsync(publications, Cancelled).AsTask());
        Assert.Equal([9, 19, 29, 39, 49], failure.Failures.Select(item => item.Index));
        Assert.All(failure.Failures, item => Assert.Equal(exchange, Assert.IsType<UnroutableException>(item.Error).Exchange));
    }

    [Fact]
    public async Task A_queue_that_is_full_and_rejects_is_a_failure()
    {
        var transport = OpenShared();
        var queue = NameOf("full");
        await PythonAsync("""
            import sys, pika
            connection = pika.BlockingConnection(pika.ConnectionParameters('127.0.0.1', int(sys.argv[1])))
            connection.channel().queue_declare(sys.argv[2], durable=True, arguments={'x-max-length': 1, 'x-overflow': 'reject-publish'})
            connection.close()
            """, $"{SharedServer.Server.AmqpPort}", queue);
        await SendAsync(transport, queue, "fits");
        var failure = await Assert.ThrowsAsync<TransportException>(() => SendAsync(transport, queue, "does not").AsTask());
        Assert.Contains(queue, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_in_words_without_it()
    {
        var transport = Open(SharedServer.Server.AmqpUrl.Replace("guest:guest", "guest:secret-word", StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.ConnectAsync(Cancelled).AsTask());
        Assert.Contains("refused user 'guest'", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_virtual_host_that_does_not_exist_is_refused_by_its_name()
    {
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => Open(SharedServer.Server.AmqpUrl + "nowhere").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("nowhere", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_virtual_host_of_its_own_is_used()
    {
        var url = await OwnVirtualHostAsync();
        var queue = await DeclareAsync(Open(url));
        Assert.Null(await OpenShared().CountAsync(queue, Cancelled));
        Assert.NotNull(await Open(url).CountAsync(queue, Cancelled));
    }

    [Fact]
    public async Task A_login_by_certificate_that_the_server_does_not_know_is_refused_in_words()
    {
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => OpenShared("?auth=external").ConnectAsync(Cancelled).AsTask());
        Assert.Contains("certificate", refusal.Message, StringComparison.Ordinal);
    }
}
