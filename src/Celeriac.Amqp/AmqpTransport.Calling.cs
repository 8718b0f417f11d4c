using Celeriac.Amqp.Connecting;
using Celeriac.Messaging;

namespace Celeriac.Amqp;

// How a question to the broker waits for a connection and survives the loss of one.
internal sealed partial class AmqpTransport
{
    private static async Task<T> OrAbsentAsync<T>(Func<Task<T>> call, T absent)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (TransportRefusedException error) when (error.InnerException is { } inner && AmqpErrors.IsNotFound(inner))
        {
            return absent;
        }
    }

    /// <summary>A call that may be made twice: one that a lost connection ended is made again on the next, within the publish timeout.</summary>
    private async Task<T> CallAsync<T>(Func<AmqpConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        var began = Time.GetTimestamp();
        while (true)
        {
            var left = _options.Reconnect.PublishTimeout - Time.GetElapsedTime(began);
            var (connection, _) = await _connections.GetAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            try
            {
                return await call(connection).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (TransportException error) when (error is not TransportRefusedException && connection.IsLost && Time.GetElapsedTime(began) < _options.Reconnect.PublishTimeout)
            {
                // The loop that reconnects notices the loss by itself, a moment later perhaps.
                await Task.Delay(TimeSpan.FromMilliseconds(20), Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
