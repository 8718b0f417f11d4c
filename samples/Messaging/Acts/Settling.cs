using System.Diagnostics;
using Celeriac.Messaging;
using static MessagingSample.Tour;

namespace MessagingSample.Acts;

/// <summary>How a delivery ends: acknowledged, rejected or given back. And one that comes later.</summary>
internal sealed class Settling(ITransport transport, Publisher publisher)
{
    private const string Queue = "tour.letters";
    private const string Refused = "tour.letters.refused";

    // What is rejected goes to the default exchange under this key, so to the queue of that name.
    private static readonly Topology s_withDeadLetters = new() { Queues = [new QueueDeclaration(Queue) { DeadLetterExchange = "", DeadLetterRoutingKey = Refused }] };

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        await CleanAsync(cancellationToken);
        await transport.DeclareAsync(Topology.Queue(Refused), cancellationToken);
        await transport.DeclareAsync(transport.Capabilities.DeadLetter ? s_withDeadLetters : Topology.Queue(Queue), cancellationToken);
        await using (var consumer = new Consumer(transport, Queue))
        {
            await AcknowledgeAsync(consumer, cancellationToken);
            await RequeueAsync(consumer, cancellationToken);
            await RejectAsync(consumer, cancellationToken);
            await DelayAsync(consumer, cancellationToken);
        }
        await CleanAsync(cancellationToken);
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        await transport.DeleteQueueAsync(Queue, cancellationToken);
        await transport.DeleteQueueAsync(Refused, cancellationToken);
    }

    private async Task AcknowledgeAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("1. A message is gone when it is acknowledged");
        await publisher.SendAsync("Hello, broker", Queue, cancellationToken: cancellationToken);
        Sent($"'Hello, broker' to queue {Queue}; when SendAsync returns, it is durable");
        var delivery = await NextAsync(consumer, cancellationToken);
        Received($"'{delivery.ReadText()}', a {delivery.Message.ContentType} of {delivery.Message.Body.Length} bytes");
        Note($"acknowledged: {await delivery.AckAsync(cancellationToken)}");
        var left = transport.Capabilities.Counts ? $"{(await transport.CountAsync(Queue, cancellationToken))?.Ready}" : "this broker does not say";
        Note($"left in {Queue}: {left}");
    }

    private async Task RequeueAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("2. A message that is requeued comes again");
        await publisher.SendAsync("Not now", Queue, cancellationToken: cancellationToken);
        Sent($"'Not now' to queue {Queue}");
        var first = await NextAsync(consumer, cancellationToken);
        Received($"'{first.ReadText()}', redelivered: {first.Redelivered}; given back");
        await first.RequeueAsync(cancellationToken);
        var second = await NextAsync(consumer, cancellationToken);
        Received($"'{second.ReadText()}', redelivered: {second.Redelivered}; acknowledged");
        await second.AckAsync(cancellationToken);
    }

    private async Task RejectAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("3. A message that is rejected goes where its queue says");
        await publisher.SendAsync("You have won a million", Queue, cancellationToken: cancellationToken);
        Sent($"'You have won a million' to queue {Queue}");
        var delivery = await NextAsync(consumer, cancellationToken);
        if (transport.Capabilities.DeadLetter)
        {
            Received($"'{delivery.ReadText()}'; rejected");
            await delivery.RejectAsync(cancellationToken);
        }
        else
        {
            await RefusedAsync(() => transport.DeclareAsync(s_withDeadLetters, cancellationToken));
            Received($"'{delivery.ReadText()}'; sent on to queue {Refused}, then acknowledged");
            await transport.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [Publication.ToQueue(Refused, delivery.Message)] }, cancellationToken);
        }
        await using var deadLetters = new Consumer(transport, Refused);
        var dead = await NextAsync(deadLetters, cancellationToken);
        Received($"'{dead.ReadText()}' from queue {dead.Queue}; acknowledged");
        await dead.AckAsync(cancellationToken);
    }

    private async Task DelayAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        Title("4. A delayed message waits in the broker, not in a process");
        var later = new MessageOptions { Delay = TimeSpan.FromSeconds(1) };
        if (!transport.Capabilities.Delay)
        {
            await RefusedAsync(() => publisher.SendAsync("Good morning", Queue, later, cancellationToken));
            return;
        }
        var waiting = Stopwatch.StartNew();
        await publisher.SendAsync("Good morning", Queue, later, cancellationToken);
        Sent("'Good morning' with a delay of 1 s");
        var delivery = await NextAsync(consumer, cancellationToken);
        Received($"'{delivery.ReadText()}' after {waiting.Elapsed.TotalSeconds:0.00} s; acknowledged");
        await delivery.AckAsync(cancellationToken);
    }
}
