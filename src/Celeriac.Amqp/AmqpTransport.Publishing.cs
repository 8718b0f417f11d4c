using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Publishing;
using Celeriac.Messaging;

namespace Celeriac.Amqp;

// How a publish runs: check, route, hand to the publisher, wait.
internal sealed partial class AmqpTransport
{
    private readonly Lock _flightLock = new();
    private readonly HashSet<Task> _inFlight = [];
    private readonly CancellationTokenSource _closing = new();

    public async ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        if (publications.Length > 0)
        {
            // The token ends the wait only: what was begun has its own end, the publish timeout.
            await PublishAllAsync(publications).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PublishFollowUpsAsync(ReadOnlyMemory<Publication> followUps)
    {
        try
        {
            await PublishAllAsync(followUps).ConfigureAwait(false);
        }
        catch (PublishException error)
        {
            throw error.Decisive;
        }
    }

    private Task PublishAllAsync(ReadOnlyMemory<Publication> publications)
    {
        var publish = PublishWithinTimeoutAsync(publications);
        if (!publish.IsCompleted)
        {
            lock (_flightLock)
            {
                _inFlight.Add(publish);
            }
            _ = publish.ContinueWith(Landed, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        return publish;
    }

    private void Landed(Task publish)
    {
        // A caller that stopped waiting does not look at the error.
        _ = publish.Exception;
        lock (_flightLock)
        {
            _inFlight.Remove(publish);
        }
    }

    /// <summary>Waits for what is in flight; each has its timeout.</summary>
    private async Task FlushAsync()
    {
        Task[] inFlight;
        lock (_flightLock)
        {
            inFlight = [.. _inFlight];
        }
        await Task.WhenAll(inFlight).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PublishWithinTimeoutAsync(ReadOnlyMemory<Publication> publications)
    {
        var batch = new PublishBatch(publications.Length);
        var pending = new PendingPublish?[publications.Length];
        using var timeout = new CancellationTokenSource(_options.Reconnect.PublishTimeout, Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        try
        {
            await HandInAsync(publications, batch, pending, limit.Token).ConfigureAwait(false);
            await batch.Completion.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            for (var index = 0; index < pending.Length; index++)
            {
                batch.Done(index, TimedOut(publications.Span[index], pending[index]));
            }
            // On a machine that is busy to its limits answers may come with the end of the wait: they count.
            await batch.Completion.ConfigureAwait(false);
        }
        batch.ThrowIfFailed();
    }

    private async Task HandInAsync(ReadOnlyMemory<Publication> publications, PublishBatch batch, PendingPublish?[] pending, CancellationToken limit)
    {
        var ready = new List<PendingPublish>(publications.Length);
        AmqpConnection? connection = null;
        HashSet<string>? hung = null;
        for (var index = 0; index < publications.Length; index++)
        {
            var publication = publications.Span[index];
            try
            {
                var properties = _routing.Check(publication);
                PublishRoute? route = publication.Exchange.Length == 0 && publication.Due is null ? AmqpRouting.Plain(publication) : null;
                if (route is null)
                {
                    connection ??= (await _connections.GetAsync(limit).ConfigureAwait(false)).Connection;
                    route = await _routing.RouteAsync(publication, connection, hung ??= new HashSet<string>(StringComparer.Ordinal)).WaitAsync(limit).ConfigureAwait(false);
                }
                if (route is { } known)
                {
                    RequireFrame(properties, connection);
                    ready.Add(pending[index] = new PendingPublish(publication, properties, known, batch, index));
                }
                else
                {
                    batch.Done(index, null);
                }
            }
            catch (TransportException error)
            {
                batch.Done(index, error);
            }
        }
        _publisher.Enqueue(ready);
    }

    /// <summary>A content header is one frame; a larger one would cost the connection.</summary>
    private static void RequireFrame(Wire.AmqpProperties properties, AmqpConnection? connection)
    {
        const int overhead = 64;
        // RabbitMQ's default; what was negotiated is known once there is a connection.
        var largest = (connection?.FrameMax ?? 131_072) - overhead;
        if (properties.Length > largest)
        {
            throw new TransportRefusedException(
                $"The message's properties and headers have {properties.Length} bytes, but this RabbitMQ takes at most {largest}. Put large values into the body.");
        }
    }

    private Exception TimedOut(in Publication publication, PendingPublish? pending)
    {
        var id = publication.Message.CorrelationId ?? publication.Message.MessageId;
        var blocked = _publisher.Blocked is { } reason ? $" RabbitMQ blocks publishers: {reason}." : "";
        var timeout = $"{_options.Reconnect.PublishTimeout.TotalSeconds:0.###} s";
        if (pending is not null && !_publisher.Abandon(pending))
        {
            return new PublishUnknownException(
                $"The outcome of publishing message '{id ?? "(no id)"}' is unknown: '{Name}' did not confirm within {timeout}.{blocked} It may have arrived; look before you send it again, or raise publish_timeout.", id);
        }
        if (_closing.IsCancellationRequested)
        {
            return new TransportException($"Message '{id ?? "(no id)"}' was not sent: the transport '{Name}' was disposed while it had no connection.");
        }
        return Health.State == ConnectionState.Connected
            ? new TransportException($"Message '{id ?? "(no id)"}' was not sent: '{Name}' took nothing within {timeout}.{blocked} Publish again, or raise publish_timeout.")
            : _connections.NotConnected();
    }
}
