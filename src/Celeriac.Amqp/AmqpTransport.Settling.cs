using Celeriac.Messaging;

namespace Celeriac.Amqp;

// How a completion runs: what follows first, confirmed, then the settlement; a reply that may be lost leaves with it.
internal sealed partial class AmqpTransport
{
    // A larger one is confirmed before its acknowledgement: it would hold up those of the other deliveries.
    private const int LargestReply = 32 * 1024;

    private Task<CompletionStatus> SettleAsync(Completion completion)
    {
        if (!_channels.Holds(completion.Delivery))
        {
            return s_lost;
        }
        if (completion.FollowUps.Count > 0)
        {
            return IsReply(completion) ? ReplyAndAckAsync(completion) : PublishAndSettleAsync(completion);
        }
        var settling = _channels.SettleAsync(completion.Delivery, completion.Settlement, completion.IsEarly);
        return settling.IsCompletedSuccessfully ? settling.Result == CompletionStatus.Applied ? s_applied : s_lost : settling.AsTask();
    }

    /// <summary>True for what may be lost with the broker, so that no confirmation of it is worth waiting for.</summary>
    private static bool IsReply(Completion completion) =>
        completion is { Settlement: Settlement.Ack, FollowUps: [{ Exchange.Length: 0, Mandatory: false, Due: null, Message: { Persistent: false, Body.Length: <= LargestReply } }] };

    private Task<CompletionStatus> ReplyAndAckAsync(Completion completion)
    {
        ValueTask<CompletionStatus?> replying;
        try
        {
            var reply = completion.FollowUps[0];
            var properties = _routing.Check(reply);
            RequireFrame(properties, null);
            replying = _channels.ReplyAndAckAsync(completion.Delivery, reply.RoutingKey, properties, reply.Message.Body);
        }
        catch (TransportException error)
        {
            return Task.FromException<CompletionStatus>(error);
        }
        return replying is { IsCompletedSuccessfully: true, Result: { } status } ? status == CompletionStatus.Applied ? s_applied : s_lost : FinishReplyAsync(replying, completion);
    }

    private async Task<CompletionStatus> FinishReplyAsync(ValueTask<CompletionStatus?> replying, Completion completion)
    {
        if (await replying.ConfigureAwait(false) is { } status)
        {
            return status;
        }
        var settled = await PublishAndSettleAsync(completion).ConfigureAwait(false);
        _channels.Replied(completion.Delivery);
        return settled;
    }

    private async Task<CompletionStatus> PublishAndSettleAsync(Completion completion)
    {
        try
        {
            await PublishAllAsync(completion.FollowUps.ToArray()).ConfigureAwait(false);
        }
        catch (PublishException error)
        {
            throw error.Decisive;
        }
        return await _channels.SettleAsync(completion.Delivery, completion.Settlement, completion.IsEarly).ConfigureAwait(false);
    }
}
