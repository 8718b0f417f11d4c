namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Whether an ActiveMQ has its scheduler on (<c>schedulerSupport="true"</c>). Without it the broker ignores a delay without a word and tasks
/// run early. A message that came through the scheduler carries <c>scheduledJobId</c>.
/// </summary>
internal static class SchedulerProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    internal static async Task<bool> IsOnAsync(StompClient client, string id, CancellationToken cancellationToken)
    {
        // Temporary: the queue lives as long as the connection and is nobody else's.
        var destination = $"/temp-queue/{id}";
        var arrived = new TaskCompletionSource<StompFrame>(TaskCreationOptions.RunContinuationsAsynchronously);
        await client.SubscribeAsync(
            new StompSubscriptionOptions { Id = id, Destination = destination }, frame => arrived.TrySetResult(frame), cancellationToken).ConfigureAwait(false);
        await client.WriteAsync(StompFrames.Send(destination, ReadOnlyMemory<byte>.Empty, [new("AMQ_SCHEDULED_DELAY", "1")]), cancellationToken).ConfigureAwait(false);
        try
        {
            var frame = await arrived.Task.WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
            return frame.Headers.Find("scheduledJobId") is not null;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            await client.UnsubscribeAsync(id, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
    }
}
