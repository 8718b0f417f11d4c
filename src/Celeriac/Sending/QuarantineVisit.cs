using Celeriac.Messaging;

namespace Celeriac.Sending;

/// <summary>Shows the messages of a quarantine one after the other, and gives back untouched what its visitor has not settled.</summary>
internal sealed class QuarantineVisit(TaskClient client, string queue)
{
    // RabbitMQ's quorum queues may count each look as a delivery, and drop a message after 20 of them.
    private const int MostDeliveries = 10;
    private const string DeliveryCount = "x-delivery-count";

    // Between counting and receiving somebody else may have taken a message; then there is nothing more to wait for.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(3);
    private readonly string _quarantine = TaskQueues.QuarantineOf(queue);

    /// <summary>True where it is known that no message is ready.</summary>
    public async ValueTask<bool> IsEmptyAsync(CancellationToken cancellationToken) => (await ReadyAsync(cancellationToken).ConfigureAwait(false)).AtMost == 0;

    /// <summary>Shows the messages that are ready now, until the visitor answers false. Answers how many, at least, it was to see and did not.</summary>
    public async ValueTask<long> RunAsync(int limit, Func<Delivery, QuarantinedMessage, ValueTask<bool>> visit, CancellationToken cancellationToken)
    {
        var ready = await ReadyAsync(cancellationToken).ConfigureAwait(false);
        var most = (int)Math.Min(ready.AtMost, Math.Min(limit, Quarantine.MaximumMessages));
        if (most == 0)
        {
            return 0;
        }
        var subscription = await client.Transport.SubscribeAsync(new SubscriptionOptions([_quarantine], most) { ConsumerName = "quarantine" }, cancellationToken).ConfigureAwait(false);
        await using (subscription.ConfigureAwait(false))
        {
            var worn = new List<Delivery>();
            var unseen = await RunAsync(subscription, most, ready.AtLeast, async delivery =>
            {
                var goesOn = await visit(delivery, QuarantinedMessage.Of(delivery, queue)).ConfigureAwait(false);
                if (IsWorn(delivery))
                {
                    worn.Add(delivery);
                }
                return goesOn;
            }, cancellationToken).ConfigureAwait(false);
            foreach (var delivery in worn)
            {
                await RenewAsync(delivery, cancellationToken).ConfigureAwait(false);
            }
            return unseen;
        }
    }

    private static async ValueTask<long> RunAsync(ISubscription subscription, int most, long atLeast, Func<Delivery, ValueTask<bool>> visit, CancellationToken cancellationToken)
    {
        for (var seen = 0; seen < most; seen++)
        {
            if (await ReceiveAsync(subscription, cancellationToken).ConfigureAwait(false) is not { } delivery)
            {
                return Math.Max(0, atLeast - seen);
            }
            if (!await visit(delivery).ConfigureAwait(false))
            {
                return 0;
            }
        }
        return most == Quarantine.MaximumMessages ? Math.Max(0, atLeast - most) : 0;
    }

    /// <summary>True where the broker may soon drop the message for being looked at.</summary>
    public static bool IsWorn(Delivery delivery) =>
        !delivery.IsSettled && delivery.Message.Headers[DeliveryCount] is { Kind: HeaderKind.Long } deliveries && deliveries.AsLong() >= MostDeliveries;

    /// <summary>Puts such a message at the end of its quarantine anew.</summary>
    public static async ValueTask RenewAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var headers = delivery.Message.Headers.Where(header => header.Key is not (DeliveryCount or "x-acquired-count"));
        var again = Publication.ToQueue(delivery.Queue, delivery.Message with { Headers = new MessageHeaders(headers) });
        await delivery.CompleteAsync(new Completion(delivery, Settlement.Ack) { FollowUps = [again] }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How many messages may be ready, and how many are for sure; where the broker does not count, as many as there is room for.</summary>
    private async ValueTask<(long AtMost, long AtLeast)> ReadyAsync(CancellationToken cancellationToken)
    {
        await client.Transport.ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (client.Transport.Capabilities.Counts)
        {
            var counts = await client.Transport.CountAsync(_quarantine, cancellationToken).ConfigureAwait(false);
            return (counts is { IsLowerBound: true } ? long.MaxValue : counts?.Ready ?? 0, counts?.Ready ?? 0);
        }
        await client.Queues.EnsureQuarantineAsync(queue, cancellationToken).ConfigureAwait(false);
        return (long.MaxValue, 0);
    }

    private static async ValueTask<Delivery?> ReceiveAsync(ISubscription subscription, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(s_longestWait);
        try
        {
            return await subscription.ReceiveAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
