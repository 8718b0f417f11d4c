using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;

namespace MessagingSample;

/// <summary>Two terminals that talk: one publishes, the other consumes.</summary>
internal static class Conversation
{
    private const string Queue = "messages";

    internal static async Task PublishAsync(ITransport transport, string text, CancellationToken cancellationToken)
    {
        await transport.DeclareAsync(Topology.Queue(Queue), cancellationToken);
        await new Publisher(transport).SendAsync(text, Queue, new() { Headers = new([new("process", Environment.ProcessId)]) }, cancellationToken);
        var waiting = transport.Capabilities.Counts ? $" Waiting in queue {Queue}: {(await transport.CountAsync(Queue, cancellationToken))?.Ready}." : "";
        Console.WriteLine($"Sent '{text}': it is durable now.{waiting}");
    }

    internal static async Task ConsumeAsync(ITransport transport, CancellationToken cancellationToken)
    {
        await transport.DeclareAsync(Topology.Queue(Queue), cancellationToken);
        await using var consumer = new Consumer(transport, Queue);
        Console.WriteLine($"Process {Environment.ProcessId} waits for messages in queue {Queue}. Ctrl+C ends it.");
        await foreach (var delivery in consumer.WithCancellation(cancellationToken))
        {
            await ReceiveAsync(delivery, cancellationToken);
        }
    }

    private static async Task ReceiveAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        try
        {
            Console.WriteLine($"← '{delivery.ReadText()}' from process {delivery.Message.Headers["process"]}{(delivery.Redelivered ? ", delivered again" : "")}");
            await delivery.AckAsync(cancellationToken);
        }
        catch (ContentException error)
        {
            Console.WriteLine($"← a message that cannot be read: {error.Message}");
            await delivery.RejectAsync(cancellationToken);
        }
    }
}
