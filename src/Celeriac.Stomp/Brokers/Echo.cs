namespace Celeriac.Stomp.Brokers;

/// <summary>
/// A message to ourselves through a queue that lives as long as the connection. RabbitMQ's plug-in answers some frames before
/// their work is done; what comes back afterwards through the same channel shows that it is.
/// </summary>
internal static class Echo
{
    internal static async Task EchoAsync(this StompClient client, string id, CancellationToken cancellationToken)
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var destination = $"/queue/celeriac.echo.{Guid.NewGuid():N}";
        StompHeaders exclusive = [new("durable", "false"), new("auto-delete", "true"), new("exclusive", "true")];
        await client.SubscribeAsync(
            new StompSubscriptionOptions { Id = id, Destination = destination, Headers = exclusive }, _ => heard.TrySetResult(), cancellationToken).ConfigureAwait(false);
        await client.WriteAsync(StompFrames.Send(destination, ReadOnlyMemory<byte>.Empty, exclusive), cancellationToken).ConfigureAwait(false);
        await Task.WhenAny(heard.Task, client.Lost).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!heard.Task.IsCompleted)
        {
            throw await client.Lost.ConfigureAwait(false) ?? new StompConnectionException("The connection was closed.", mayHaveBeenSent: true);
        }
        await client.UnsubscribeAsync(id, cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
