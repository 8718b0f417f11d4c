using Celeriac.Messaging;
using Celeriac.Messaging.Brokers;
using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Sending;

/// <summary>Settles deliveries with their follow-ups, on the connection they came over and on no other.</summary>
internal sealed class StompSettler(Reconnecting<StompConnection> connections, string name, TimeProvider time)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    internal async Task<CompletionStatus> SettleAsync(Completion completion)
    {
        var claim = completion.Delivery.Claim;
        if (await CurrentAsync(claim.Generation).ConfigureAwait(false) is not { } connection
            || connection.Find(claim.Holder) is not { } consumer || consumer.Find(claim.Tag) is not { } frame)
        {
            return CompletionStatus.Lost;
        }
        connection.Broker.Capabilities.Require(completion);
        try
        {
            await SettleOnAsync(connection, consumer, frame, completion).ConfigureAwait(false);
            return CompletionStatus.Applied;
        }
        catch (StompException error)
        {
            throw StompFailures.Translate(error, name);
        }
    }

    private async Task SettleOnAsync(StompConnection connection, StompConsumer consumer, StompFrame frame, Completion completion)
    {
        var (delayed, sends, failures) = await StompPublisher.EncodeAsync(connection, completion.FollowUps.ToArray(), time.GetUtcNow(), CancellationToken.None).ConfigureAwait(false);
        if (failures.Count > 0)
        {
            throw completion.FollowUps.Count == 1 ? failures[0].Error : new PublishException(failures, completion.FollowUps.Count);
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
        if (consumer.IsSingle)
        {
            await connection.EndAsync(consumer, CancellationToken.None).ConfigureAwait(false);
        }
        consumer.Settled(completion.Delivery);
    }

    /// <summary>The connection of a generation, if it is still the present one.</summary>
    private async Task<StompConnection?> CurrentAsync(long generation)
    {
        if (connections.Generation != generation || connections.Health.State != ConnectionState.Connected)
        {
            return null;
        }
        try
        {
            var (connection, present) = await connections.GetAsync(Moment, CancellationToken.None).ConfigureAwait(false);
            return present == generation ? connection : null;
        }
        catch (TransportException)
        {
            return null;
        }
    }
}
