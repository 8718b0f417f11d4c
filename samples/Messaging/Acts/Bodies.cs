using System.Text.Json.Serialization;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using static MessagingSample.Tour;

namespace MessagingSample.Acts;

/// <summary>An order as it travels in a json body.</summary>
internal sealed record Order(int Number, string Item, IReadOnlyList<int> Sizes);

[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;

/// <summary>What a message carries: typed headers, values, compressed bytes; and what is not read.</summary>
internal sealed class Bodies(ITransport transport, Publisher publisher)
{
    private const string Queue = "tour.parcels";

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await transport.DeleteQueueAsync(Queue, cancellationToken);
        await transport.DeclareAsync(Topology.Queue(Queue), cancellationToken);
        await using (var consumer = new Consumer(transport, Queue, new ConsumerOptions { Contents = ContentRegistry.Default.Accepting("json", "text") }))
        {
            await HeadersAsync(consumer, cancellationToken);
            await CompressionAsync(consumer, cancellationToken);
            await RefusalAsync(consumer, cancellationToken);
        }
        await transport.DeleteQueueAsync(Queue, cancellationToken);
    }

    private async Task HeadersAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("7. Headers keep their types on every broker");
        var headers = new MessageHeaders(
        [
            new("urgent", true), new("copies", 3), new("weight", 0.75), new("stamp", new byte[] { 1, 2, 3 }),
            new("stops", HeaderValue.From(["Köln", "東京"])), new("sender", HeaderValue.From(new MessageHeaders([new("name", "ana"), new("boss", HeaderValue.Null)]))),
        ]);
        await publisher.SendAsync("A parcel", Queue, new() { Headers = headers }, cancellationToken);
        Sent("'A parcel' with six headers");
        var delivery = await NextAsync(consumer, cancellationToken);
        foreach (var (name, value) in delivery.Message.Headers)
        {
            Received($"{name,-7} {value.Kind,-6} {value}");
        }
        await delivery.AckAsync(cancellationToken);
    }

    private async Task CompressionAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("8. A value travels as json, plain or compressed");
        var order = new Order(7, "shoes", [.. Enumerable.Range(0, 1000)]);
        foreach (var compression in new[] { null, "zlib", "brotli" })
        {
            await publisher.SendAsync(order, OrderJson.Default.Order, Queue, new() { Compression = compression }, cancellationToken);
            var delivery = await NextAsync(consumer, cancellationToken);
            var read = delivery.ReadJson(OrderJson.Default.Order)!;
            Received($"{compression ?? "plain",-6} {delivery.Message.Body.Length,5} bytes, read as order {read.Number}: {read.Item} in {read.Sizes.Count} sizes");
            await delivery.AckAsync(cancellationToken);
        }
    }

    private async Task RefusalAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("9. A body of a type that the consumer does not accept is never opened");
        var pickle = new Message { Body = "cos\nsystem\n"u8.ToArray(), ContentType = "application/x-python-serialize", ContentEncoding = "binary" };
        await publisher.SendAsync(pickle, Queue, cancellationToken: cancellationToken);
        Sent($"a message of type {pickle.ContentType}");
        var delivery = await NextAsync(consumer, cancellationToken);
        try
        {
            Received(delivery.ReadText());
        }
        catch (ContentRefusedException refusal)
        {
            Received(refusal.Message);
        }
        await delivery.AckAsync(cancellationToken);
        Note("acknowledged, so that it is gone; rejected, it would go where its queue says, as in act 3");
    }
}
