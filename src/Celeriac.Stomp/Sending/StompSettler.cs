using Celeriac.Messaging;
using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Sending;

/// <summary>Settles deliveries with their follow-ups, on the connection they came over and on no other.</summary>
/// <param name="newest">The newest connection, also while it is still being restored: its consumers may deliver already.</param>
/// <param name="name">The broker's URL without its password.</param>
/// <param name="time">The clock.</param>
internal sealed class StompSettler(Func<StompConnection?> newest, string name, TimeProvider time)
{
    internal async Task<CompletionStatus> SettleAsync(Completion completion)
    {
        var claim = completion.Delivery.Claim;
        if (newest() is not { } connection || connection.Generation != claim.Generation || connection.Lost.IsCompleted
            || connection.Find(claim.Holder) is not { } consumer || consumer.Client?.Lost.IsCompleted == true || consumer.Find(claim.Tag) is not { } frame)
        {
            return CompletionStatus.Lost;
        }
        connection.Broker.Capabilities.Require(completion);
        if (!consumer.TryBeginSettling())
        {
            return CompletionStatus.Lost;
        }
        try
        {
            await SettleOnAsync(connection, consumer, frame, completion).ConfigureAwait(false);
        }
        catch (StompException error)
        {
            throw StompFailures.Translate(error, name);
        }
        finally
        {
            consumer.EndSettling();
        }
        await EndedAsync(connection, consumer, completion.Delivery).ConfigureAwait(false);
        return CompletionStatus.Applied;
    }

    private async Task EndedAsync(StompConnection connection, StompConsumer consumer, Delivery delivery)
    {
        if (consumer.IsSingle)
        {
            await StompFailures.TranslateAsync(() => connection.EndAsync(consumer, CancellationToken.None), name).ConfigureAwait(false);
        }
        consumer.Settled(delivery);
    }

    private async Task SettleOnAsync(StompConnection connection, StompConsumer consumer, StompFrame frame, Completion completion)
    {
        var (delayed, sends, failures) = await StompPublisher.EncodeAsync(connection, completion.FollowUps.ToArray(), time.GetUtcNow(), CancellationToken.None).ConfigureAwait(false);
        if (failures.Count > 0)
        {
            throw completion.FollowUps.Count == 1 ? failures[0].Error : new PublishException(failures, completion.FollowUps.Count).Decisive;
        }
        var plan = connection.Broker.SettlementOf(consumer, frame, completion.Settlement);
        var work = new StompWork(delayed, [.. sends, .. plan.Sends], plan.Settlement is { } settlement ? [new SettlementFrame(consumer, settlement)] : []);
        if (work.Count > 0)
        {
            await connection.Sender.HandInAsync(work, CancellationToken.None).ConfigureAwait(false);
            await work.Done.ConfigureAwait(false);
        }
        if (plan.LeavesPlug)
        {
            consumer.Plug(completion.Delivery.Claim.Tag);
        }
        else
        {
            consumer.Remove(completion.Delivery.Claim.Tag);
        }
    }
}
