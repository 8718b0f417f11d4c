namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Browsing a queue of ActiveMQ: a subscription that shows messages without taking them, and says when it is through. Its end is also the only
/// certain sign that consumers which were there before have been offered what is ready.
/// </summary>
internal static class Browsing
{
    /// <summary>A selector that shows nothing, for the sign alone.</summary>
    internal const string Nothing = "1=0";

    /// <summary>The messages of a queue, handed out ones included, up to the broker's <c>maxBrowsePageSize</c> (400).</summary>
    internal static async Task<IReadOnlyList<StompFrame>> BrowseAsync(
        this StompClient client, string id, string destination, string? selector, CancellationToken cancellationToken)
    {
        var messages = new List<StompFrame>();
        await client.BrowseAsync(id, destination, selector, messages.Add, cancellationToken).ConfigureAwait(false);
        return messages;
    }

    /// <summary>Shows the messages of a queue to <paramref name="look"/>, which runs on the connection's reader.</summary>
    internal static async Task BrowseAsync(
        this StompClient client, string id, string destination, string? selector, Action<StompFrame> look, CancellationToken cancellationToken)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        StompHeaders headers = selector is null ? [new("browser", "true")] : [new("browser", "true"), new("selector", selector)];
        await client.SubscribeAsync(
            new StompSubscriptionOptions { Id = id, Destination = destination, Headers = headers },
            frame =>
            {
                if (frame.Headers.Find("browser") == "end")
                {
                    end.TrySetResult();
                }
                else
                {
                    look(frame);
                }
            }, cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.WhenAny(end.Task, client.Lost).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!end.Task.IsCompleted)
            {
                throw new StompConnectionException("The connection was lost while a queue was looked into.", mayHaveBeenSent: true, await client.Lost.ConfigureAwait(false));
            }
        }
        finally
        {
            await client.UnsubscribeAsync(id, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
    }
}
