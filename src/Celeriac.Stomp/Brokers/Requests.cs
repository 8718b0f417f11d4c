namespace Celeriac.Stomp.Brokers;

/// <summary>Many requests at once.</summary>
internal static class Requests
{
    /// <summary>Sends the frames in their order, each with a receipt of its own, and waits for all receipts.</summary>
    internal static Task RequestEachAsync(this StompClient client, IReadOnlyList<StompFrame> frames)
    {
        var requests = new Task[frames.Count];
        for (var index = 0; index < requests.Length; index++)
        {
            requests[index] = client.RequestAsync(frames[index]);
        }
        return Task.WhenAll(requests);
    }
}
