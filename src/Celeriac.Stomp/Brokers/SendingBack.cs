using Celeriac.Messaging;
using Celeriac.Stomp.Receiving;

namespace Celeriac.Stomp.Brokers;

/// <summary>
/// What a consumer that stops has and may not keep. On both servers ending a subscription gives back everything unacknowledged, what is in work
/// too, and an acknowledgement makes room for the next message. So copies of the untaken messages go back to the queue, and the originals stay
/// unacknowledged, as plugs, until what is in work has been settled. A process that dies in between leaves both: such a message may
/// come twice, and never not at all.
/// </summary>
internal sealed class SendingBack(StompClient client, Func<string, string> destinationOf)
{
    /// <summary>Sends untaken messages back, in their order.</summary>
    internal async Task StopAsync(StompConsumer consumer, IReadOnlyList<Delivery> untaken, CancellationToken cancellationToken)
    {
        foreach (var delivery in untaken)
        {
            if (consumer.Find(delivery.Claim.Tag) is { } frame)
            {
                consumer.GoesBack(delivery.Claim.Tag, frame);
            }
        }
        consumer.IsReturning = true;
        await consumer.ReturnAsync((tag, frame) => SendBackAsync(consumer, frame, tag)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a message back that has reached a stopping consumer. Runs on the connection's reader, so the work is done elsewhere.</summary>
    internal void GiveBack(StompConsumer consumer, StompFrame frame, long tag)
    {
        consumer.GoesBack(tag, frame);
        // Until the untaken ones that came before it are noted, it waits for them.
        if (consumer.IsReturning)
        {
            // It is under way from here on: the end of the consumer waits for it, lest the original goes back beside its copy.
            _ = ReturnAsync(consumer);
        }
    }

    private async Task ReturnAsync(StompConsumer consumer)
    {
        try
        {
            await consumer.ReturnAsync(async (tag, frame) =>
            {
                await Task.Yield();
                await SendBackAsync(consumer, frame, tag).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch (StompException)
        {
            // They are unacknowledged still: the end of the consumer, or of the connection, gives them back.
        }
    }

    /// <summary>The acknowledgements of the originals, after every copy has gone back.</summary>
    internal static async Task<IReadOnlyList<string>> PlugsOfAsync(StompConsumer consumer)
    {
        await consumer.Returned.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return consumer.TakePlugs();
    }

    private async Task SendBackAsync(StompConsumer consumer, StompFrame frame, long tag)
    {
        await client.RequestAsync(Copies.Of(frame, destinationOf(consumer.Queue))).ConfigureAwait(false);
        consumer.Plug(tag);
    }
}
