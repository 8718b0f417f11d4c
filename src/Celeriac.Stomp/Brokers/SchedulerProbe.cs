namespace Celeriac.Stomp.Brokers;

/// <summary>
/// Whether an ActiveMQ has its scheduler on (<c>schedulerSupport="true"</c>). Without it the broker ignores a delay without a word, and tasks
/// run early. The scheduler keeps what is sent to its management destination for itself; without it that is a topic like any other,
/// and we hear our own message.
/// </summary>
internal static class SchedulerProbe
{
    private const string Management = "/topic/ActiveMQ.Scheduler.Management.celeriac";

    internal static async Task<bool> IsOnAsync(StompClient client, Func<string> nextId, CancellationToken cancellationToken)
    {
        var heard = false;
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (probe, fence) = (nextId(), nextId());
        // Temporary: the queue lives as long as the connection and is nobody else's. What comes through it comes after the probe.
        var fenceDestination = $"/temp-queue/{fence}";
        await client.SubscribeAsync(new StompSubscriptionOptions { Id = probe, Destination = Management }, _ => heard = true, cancellationToken).ConfigureAwait(false);
        await client.SubscribeAsync(new StompSubscriptionOptions { Id = fence, Destination = fenceDestination }, _ => end.TrySetResult(), cancellationToken).ConfigureAwait(false);
        await client.RequestAsync(
            [StompFrames.Send(Management, ReadOnlyMemory<byte>.Empty), StompFrames.Send(fenceDestination, ReadOnlyMemory<byte>.Empty)], cancellationToken).ConfigureAwait(false);
        await Task.WhenAny(end.Task, client.Lost).WaitAsync(cancellationToken).ConfigureAwait(false);
        await client.UnsubscribeAsync(probe, cancellationToken: cancellationToken).ConfigureAwait(false);
        await client.UnsubscribeAsync(fence, cancellationToken: cancellationToken).ConfigureAwait(false);
        return !heard;
    }
}
