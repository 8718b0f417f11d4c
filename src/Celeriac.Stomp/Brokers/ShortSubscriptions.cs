namespace Celeriac.Stomp.Brokers;

/// <summary>A subscription that lasts as long as one step. It ends with the step, however that ends: one that is forgotten holds messages until its connection ends.</summary>
internal static class ShortSubscriptions
{
    internal static async Task<T> WhileSubscribedAsync<T>(
        this StompClient client, StompSubscriptionOptions subscription, Action<StompFrame> onMessage, Func<Task<T>> step, CancellationToken cancellationToken)
    {
        // The token ends the wait, not the subscription, which may come into being a moment later.
        var subscribing = client.SubscribeAsync(subscription, onMessage, CancellationToken.None);
        try
        {
            await subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = EndLateAsync(client, subscription.Id, subscribing);
            throw;
        }
        try
        {
            return await step().ConfigureAwait(false);
        }
        finally
        {
            await client.UnsubscribeAsync(subscription.Id, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task EndLateAsync(StompClient client, string id, Task subscribing)
    {
        try
        {
            await subscribing.ConfigureAwait(false);
            await client.UnsubscribeAsync(id, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
        catch (StompException)
        {
            // Refused, so it is not there; or the connection is lost, and it with it.
        }
    }
}
