using Celeriac.Messaging;

namespace Celeriac.Amqp.Tests;

public sealed class DelayTests : AmqpTest
{
    private static DateTimeOffset Soon => TimeProvider.System.GetUtcNow() + TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData("quorum")]
    [InlineData("classic")]
    public async Task A_delayed_message_arrives_as_if_it_had_never_waited(string type)
    {
        // The queues in which messages wait have the same names for both types.
        var transport = Open($"{await OwnVirtualHostAsync()}?delay_queue_type={type}");
        var queue = await DeclareAsync(transport, "mail.*.#.100%");
        await transport.PublishAsync(Publication.ToQueue(queue, Text("later") with { Headers = MessageHeaders.Empty.With("mine", 1) }) with { Due = Soon }, Cancelled);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        var delivery = await ReceiveAsync(subscription);
        Assert.Equal(("", queue, MessageHeaders.Empty.With("mine", 1)), (delivery.Exchange, delivery.RoutingKey, delivery.Message.Headers));
    }

    [Fact]
    public async Task A_message_may_be_delayed_again_and_again()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        await SendAsync(transport, queue, "0");
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        for (var round = 0; round < 3; round++)
        {
            var delivery = await ReceiveAsync(subscription);
            var again = Publication.ToQueue(queue, delivery.Message) with { Due = Soon };
            Assert.Equal(CompletionStatus.Applied, await delivery.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [again] }, Cancelled));
        }
        Assert.Equal("0", TextOf(await ReceiveAsync(subscription)));
    }

    [Fact]
    public async Task A_delayed_message_for_a_named_exchange_arrives_with_its_exchange_and_key()
    {
        var transport = OpenShared();
        var (queue, exchange) = (await DeclareAsync(transport), NameOf("exchange"));
        await transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration(exchange, ExchangeType.Topic)], Bindings = [new Binding(exchange, queue, "a.#")] }, Cancelled);
        await transport.PublishAsync(new Publication(Text("later"), exchange, "a.b.c") { Due = Soon, Mandatory = true }, Cancelled);
        await using var subscription = await transport.SubscribeAsync(new SubscriptionOptions([queue]), Cancelled);
        var delivery = await ReceiveAsync(subscription);
        Assert.Equal((exchange, "a.b.c", 0), (delivery.Exchange, delivery.RoutingKey, delivery.Message.Headers.Count));
    }

    [Fact]
    public async Task A_delayed_message_for_an_exchange_that_does_not_exist_is_unroutable_at_once() =>
        await Assert.ThrowsAsync<UnroutableException>(() => OpenShared().PublishAsync(new Publication(Text("x"), NameOf("absent"), "key") { Due = Soon }, Cancelled).AsTask());

    [Fact]
    public async Task A_queue_whose_name_leaves_no_room_for_the_delay_is_refused()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport, new string('n', 200));
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.PublishAsync(Publication.ToQueue(queue, Text("x")) with { Due = Soon }, Cancelled).AsTask());
        Assert.Contains("199 bytes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delay_through_queues_of_the_other_type_is_refused_with_the_option_that_decides()
    {
        var url = await OwnVirtualHostAsync();
        var (transport, other) = (Open(url), Open($"{url}?delay_queue_type=classic"));
        var queue = await DeclareAsync(transport);
        await transport.PublishAsync(Publication.ToQueue(queue, Text("stands")) with { Due = Soon }, Cancelled);
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => other.PublishAsync(Publication.ToQueue(queue, Text("x")) with { Due = Soon }, Cancelled).AsTask());
        Assert.Contains("delay_queue_type", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delay_and_an_expiration_together_are_refused()
    {
        var transport = OpenShared();
        var queue = await DeclareAsync(transport);
        var message = Text("x") with { Expiration = TimeSpan.FromMinutes(1) };
        var refusal = await Assert.ThrowsAsync<TransportRefusedException>(() => transport.PublishAsync(Publication.ToQueue(queue, message) with { Due = Soon }, Cancelled).AsTask());
        Assert.Contains("Expiration", refusal.Message, StringComparison.Ordinal);
    }
}
