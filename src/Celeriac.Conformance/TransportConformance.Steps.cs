using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

// The steps that facts are written with. A subclass may write its own facts with them.
public abstract partial class TransportConformance
{
    /// <summary>A text message.</summary>
    protected static Message TextMessage(string body) =>
        new() { Body = Encoding.UTF8.GetBytes(body), ContentType = "text/plain", ContentEncoding = "utf-8" };

    /// <summary>The body of a delivery as text.</summary>
    protected static string TextOf(Delivery delivery) => Encoding.UTF8.GetString(delivery.Message.Body.Span);

    /// <summary>The texts <c>0</c> to <c>count − 1</c>, with a prefix.</summary>
    protected static string[] Numbered(int count, string prefix = "") => [.. Enumerable.Range(0, count).Select(number => $"{prefix}{number}")];

    /// <summary>Declares a queue of the fact and answers its name.</summary>
    /// <param name="stem">What the queue is, unique within the fact.</param>
    /// <param name="shape">Sets the queue's properties.</param>
    protected async Task<string> DeclareQueueAsync(string stem = "queue", Func<QueueDeclaration, QueueDeclaration>? shape = null)
    {
        var declaration = new QueueDeclaration(Harness.NameOf(stem));
        await Transport.DeclareAsync(new Topology { Queues = [shape is null ? declaration : shape(declaration)] }, Cancelled);
        return declaration.Name;
    }

    /// <summary>Declares an exchange of the fact and answers its name.</summary>
    protected async Task<string> DeclareExchangeAsync(ExchangeType type = ExchangeType.Direct, string stem = "exchange")
    {
        var name = Harness.NameOf(stem);
        await Transport.DeclareAsync(new Topology { Exchanges = [new ExchangeDeclaration(name, type)] }, Cancelled);
        return name;
    }

    /// <summary>Binds a queue to an exchange.</summary>
    protected async Task BindAsync(string exchange, string queue, string routingKey = "") =>
        await Transport.DeclareAsync(new Topology { Bindings = [new Binding(exchange, queue, routingKey)] }, Cancelled);

    /// <summary>Publishes text messages to a queue, as one list.</summary>
    protected async Task PublishAsync(string queue, params string[] bodies) =>
        await Transport.PublishAsync(bodies.Select(body => Publication.ToQueue(queue, TextMessage(body))).ToArray(), Cancelled);

    /// <summary>Publishes a text message to an exchange; one that no queue gets is a failure.</summary>
    protected async Task PublishToAsync(string exchange, string routingKey, string body) =>
        await Transport.PublishAsync(new Publication(TextMessage(body), exchange, routingKey) { Mandatory = true }, Cancelled);

    /// <summary>Publishes a text message to a queue that may be received after a delay.</summary>
    protected async Task PublishLaterAsync(string queue, string body, TimeSpan delay) =>
        await Transport.PublishAsync(Publication.ToQueue(queue, TextMessage(body)) with { Due = TimeProvider.System.GetUtcNow() + delay }, Cancelled);

    /// <summary>Subscribes to a queue.</summary>
    protected async Task<ISubscription> SubscribeAsync(string queue, int prefetch = 10) =>
        await Transport.SubscribeAsync(new SubscriptionOptions([queue], prefetch), Cancelled);

    /// <summary>Receives a delivery, or fails when none comes within the harness's patience.</summary>
    protected async Task<Delivery> ReceiveAsync(ISubscription subscription)
    {
        using var patience = new CancellationTokenSource(Harness.Patience);
        try
        {
            var delivery = await subscription.ReceiveAsync(patience.Token);
            Assert.True(delivery is not null, "The subscription answered null, as if it had been cancelled, where a delivery was expected.");
            return delivery;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            Assert.Fail($"No message arrived within {Harness.Patience.TotalSeconds} s.");
            throw;
        }
    }

    /// <summary>Receives deliveries and leaves them unsettled.</summary>
    protected async Task<List<Delivery>> HoldAsync(ISubscription subscription, int count)
    {
        var held = new List<Delivery>();
        while (held.Count < count)
        {
            held.Add(await ReceiveAsync(subscription));
        }
        return held;
    }

    /// <summary>Receives, acknowledges, and answers the texts in the order of arrival.</summary>
    protected async Task<string[]> DrainAsync(ISubscription subscription, int count)
    {
        var texts = new List<string>();
        while (texts.Count < count)
        {
            var delivery = await ReceiveAsync(subscription);
            texts.Add(TextOf(delivery));
            Assert.Equal(CompletionStatus.Applied, await delivery.AckAsync(Cancelled));
        }
        return [.. texts];
    }

    /// <summary>Receives from a queue with a subscription of its own, acknowledges, and answers the texts in the order of arrival.</summary>
    protected async Task<string[]> DrainAsync(string queue, int count)
    {
        await using var subscription = await SubscribeAsync(queue);
        return await DrainAsync(subscription, count);
    }

    /// <summary>Publishes a message and receives what the transport makes of it.</summary>
    protected async Task<Message> RoundTripAsync(Message message)
    {
        var queue = await DeclareQueueAsync();
        await Transport.PublishAsync(Publication.ToQueue(queue, message), Cancelled);
        await using var subscription = await SubscribeAsync(queue);
        var delivery = await ReceiveAsync(subscription);
        await delivery.AckAsync(Cancelled);
        return delivery.Message;
    }

    /// <summary>Fails when a message arrives within a glance.</summary>
    protected static async Task AssertNothingArrivesAsync(ISubscription subscription)
    {
        using var glance = new CancellationTokenSource(Glance);
        try
        {
            var delivery = await subscription.ReceiveAsync(glance.Token);
            Assert.Fail(delivery is null ? "The subscription ended." : $"Message '{TextOf(delivery)}' arrived where none was expected.");
        }
        catch (OperationCanceledException) when (glance.IsCancellationRequested)
        {
        }
    }

    /// <summary>Fails when the queue, which must exist, holds a message that could be taken now.</summary>
    protected async Task AssertEmptyAsync(string queue)
    {
        var delivery = await Transport.GetAsync(queue, Cancelled);
        Assert.True(delivery is null, $"Queue '{queue}' was expected to be empty.");
    }

    /// <summary>Fails unless the call is refused with a text that holds every one of the words.</summary>
    protected static async Task<TransportRefusedException> AssertRefusedAsync(Func<ValueTask> call, params string[] words)
    {
        var refusal = await Assert.ThrowsAnyAsync<TransportRefusedException>(() => call().AsTask());
        Assert.All(words, word => Assert.Contains(word, refusal.Message, StringComparison.OrdinalIgnoreCase));
        return refusal;
    }

    /// <summary>Asks again until the answer is as expected, for what no message announces; fails after the harness's patience.</summary>
    protected async Task EventuallyAsync(Func<Task<bool>> asExpected, string expectation)
    {
        using var patience = new CancellationTokenSource(Harness.Patience);
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await asExpected())
        {
            Assert.False(patience.IsCancellationRequested, $"Not within {Harness.Patience.TotalSeconds} s: {expectation}.");
            await beat.WaitForNextTickAsync(Cancelled);
        }
    }
}
