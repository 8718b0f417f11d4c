using Celeriac.Amqp.Connecting;
using Celeriac.Amqp.Publishing;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Amqp;

// How a publish runs: check, route, hand to the publisher, wait.
internal sealed partial class AmqpTransport
{
    private TaskCompletionSource? _landed;
    private int _inFlight;
    private readonly CancellationTokenSource _closing = new();
    private readonly PublishDeadlines _deadlines;
    private readonly AnswerLine _answers = new();

    public ValueTask PublishAsync(ReadOnlyMemory<Publication> publications, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }
        ThrowIfDisposed();
        if (publications.Length == 0)
        {
            return ValueTask.CompletedTask;
        }
        var publish = PublishAllAsync(publications);
        if (!cancellationToken.CanBeCanceled || publish.IsCompleted)
        {
            return new ValueTask(publish);
        }
        // A caller that stopped waiting does not look at the error.
        _ = publish.ContinueWith(static left => left.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        // The token ends the wait only: what was begun has its own end, the publish timeout.
        return new ValueTask(publish.WaitAsync(cancellationToken));
    }

    private async Task PublishAllAsync(ReadOnlyMemory<Publication> publications)
    {
        Interlocked.Increment(ref _inFlight);
        var batch = new PublishBatch(publications.Length, _answers) { Publications = publications };
        try
        {
            if (IsPlain(publications.Span))
            {
                HandIn(batch);
                _deadlines.Begin(batch);
                await batch.Completion.ConfigureAwait(false);
                _deadlines.End(batch);
            }
            else
            {
                await PublishAskingAsync(batch).ConfigureAwait(false);
            }
        }
        finally
        {
            if (Interlocked.Decrement(ref _inFlight) == 0)
            {
                Volatile.Read(ref _landed)?.TrySetResult();
            }
        }
        batch.ThrowIfFailed();
    }

    /// <summary>Waits for what is in flight; each has its timeout. Nothing new is taken any more.</summary>
    private async Task FlushAsync()
    {
        var landed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _landed, landed);
        if (Volatile.Read(ref _inFlight) > 0)
        {
            await landed.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Publishes what the broker must be asked about first.</summary>
    private async Task PublishAskingAsync(PublishBatch batch)
    {
        try
        {
            using var timeout = new CancellationTokenSource(_options.Reconnect.PublishTimeout, Time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
            await HandInAsync(batch, limit.Token).ConfigureAwait(false);
            await batch.Completion.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Expire(batch);
            // On a machine that is busy to its limits answers may come with the end of the wait: they count.
            await batch.Completion.ConfigureAwait(false);
        }
    }

    private void Expire(PublishBatch batch)
    {
        for (var index = 0; index < batch.Pending.Length; index++)
        {
            if (!batch.IsDone(index))
            {
                batch.Done(index, TimedOut(batch.Publications.Span[index], batch.Pending[index]));
            }
        }
    }

    /// <summary>True where nothing must be asked of the broker first.</summary>
    private static bool IsPlain(ReadOnlySpan<Publication> publications)
    {
        foreach (var publication in publications)
        {
            if (publication.Exchange.Length > 0 || publication.Due is not null)
            {
                return false;
            }
        }
        return true;
    }

    private void HandIn(PublishBatch batch)
    {
        var publications = batch.Publications.Span;
        for (var index = 0; index < publications.Length; index++)
        {
            try
            {
                var properties = _routing.Check(publications[index]);
                RequireFrame(properties, null);
                batch.Pending[index] = new PendingPublish(publications[index], properties, AmqpRouting.Plain(publications[index]), batch, index);
            }
            catch (TransportException error)
            {
                batch.Done(index, error);
            }
        }
        _publisher.Enqueue(batch.Pending);
    }

    private async Task HandInAsync(PublishBatch batch, CancellationToken limit)
    {
        var publications = batch.Publications;
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
                    batch.Pending[index] = new PendingPublish(publication, properties, known, batch, index);
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
        _publisher.Enqueue(batch.Pending);
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
